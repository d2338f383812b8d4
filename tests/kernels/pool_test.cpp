#include <strata/core/parallel.hpp>
#include <strata/kernels/pool.hpp>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {
namespace {

/// Pooling by its definition, one number at a time.
template <class T> struct pooled {
    std::vector<T> max, average, max_dx, average_dx;

    pooled(const std::vector<T>& x, const std::vector<T>& dy, const window& g, index channels, index batch)
        : max(dy.size()), average(dy.size()), max_dx(x.size()), average_dx(x.size()) {
        for (index b = 0; b < batch; ++b)
            for (index oy = 0; oy < g.out_height; ++oy)
                for (index ox = 0; ox < g.out_width; ++ox)
                    for (index c = 0; c < channels; ++c) {
                        const auto out = static_cast<std::size_t>(
                            ((b * g.out_height + oy) * g.out_width + ox) * channels + c);
                        std::vector<std::size_t> inside;
                        for (index ky = 0; ky < g.kernel.height; ++ky)
                            for (index kx = 0; kx < g.kernel.width; ++kx) {
                                const index iy = oy * g.stride.height - g.top + ky;
                                const index ix = ox * g.stride.width - g.left + kx;
                                if (iy >= 0 && iy < g.in_height && ix >= 0 && ix < g.in_width)
                                    inside.push_back(static_cast<std::size_t>(
                                        ((b * g.in_height + iy) * g.in_width + ix) * channels + c));
                            }
                        std::size_t best = inside.at(0);
                        T sum = 0;
                        for (const auto i : inside) {
                            if (x[i] > x[best]) best = i;
                            sum += x[i];
                        }
                        const T count = static_cast<T>(inside.size());
                        max[out] = x[best];
                        average[out] = sum / count;
                        max_dx[best] += dy[out];
                        for (const auto i : inside) average_dx[i] += dy[out] / count;
                    }
    }
};

template <class T> void compare(shape in, index batch, size2 kernel, size2 stride, padding pad) {
    const window g = window::from(in, kernel, stride, 1, pad);
    CAPTURE(in, batch, kernel.height, kernel.width, stride.height, stride.width, pad.is_same, pad.top,
            pad.left);
    const index outputs = batch * g.outputs() * in.channels;
    auto x = numbers<T>(batch * in.size(), 1);
    for (auto& v : x) v = std::round(v * 4); // many ties
    const auto dy = numbers<T>(outputs, 2);
    const pooled<T> expected(x, dy, g, in.channels, batch);

    auto y = poisoned<T>(outputs), dx = poisoned<T>(batch * in.size());
    max_pool_forward(y.data(), x.data(), g, in.channels, batch);
    CHECK(y == expected.max);
    std::vector<pool_tap> taps(y.size(), 0xff);
    y = poisoned<T>(outputs);
    max_pool_forward_training(y.data(), taps.data(), x.data(), g, in.channels, batch);
    CHECK(y == expected.max);
    max_pool_backward(dx.data(), dy.data(), taps.data(), g, in.channels, batch);
    CHECK(dx == expected.max_dx);

    const double tolerance = 64 * static_cast<double>(std::numeric_limits<T>::epsilon());
    y = poisoned<T>(outputs), dx = poisoned<T>(batch * in.size());
    average_pool_forward(y.data(), x.data(), g, in.channels, batch);
    CHECK(largest_difference(y, expected.average) <= tolerance);
    average_pool_backward(dx.data(), dy.data(), g, in.channels, batch);
    CHECK(largest_difference(dx, expected.average_dx) <= tolerance);
}

} // namespace

TEMPLATE_TEST_CASE("pooling: equals its definition", "[kernels]", float, double) {
    for (const index batch : {1, 2, 7})
        for (const shape in : {shape{7, 9, 5}, shape{8, 6, 1}, shape{5, 5, 33}, shape{4, 6, 16}}) {
            for (const padding pad : {valid, same, padding{1}, padding{1, 0, 0, 1}})
                for (const size2 stride : {size2(1), size2(2), size2(3), size2(2, 1)}) {
                    compare<TestType>(in, batch, 2, stride, pad);
                    compare<TestType>(in, batch, 3, stride, pad); // windows overlap
                    compare<TestType>(in, batch, {3, 2}, stride, pad);
                }
            compare<TestType>(in, batch, 1, 1, valid);
            compare<TestType>(in, batch, {in.height, in.width}, 1, valid); // the window is the image
        }
}

namespace {

struct bent { // the slope of an activation, by its output
    template <class T> T operator()(T v) const { return v; }
    template <class T> T slope(T y) const { return y > 0 ? 1 + y : T(0.5); }
};

/// Backward with the slope of the activation below in the store, against backward and then the slope.
template <class T> void compare_folded(shape in, index batch, size2 kernel, size2 stride, padding pad) {
    const window g = window::from(in, kernel, stride, 1, pad);
    CAPTURE(in, batch, kernel.height, kernel.width, stride.height, stride.width);
    const index outputs = batch * g.outputs() * in.channels, inputs = batch * in.size();
    const auto x = numbers<T>(inputs, 1), dy = numbers<T>(outputs, 2);
    auto y = poisoned<T>(outputs), plain = poisoned<T>(inputs), folded = plain;
    std::vector<pool_tap> taps(y.size(), 0xff);
    const auto compare = [&] {
        for (std::size_t i = 0; i < x.size(); ++i) plain[i] *= bent{}.slope(x[i]);
        CHECK(largest_difference(folded, plain)
              <= 8 * static_cast<double>(std::numeric_limits<T>::epsilon()));
    };
    max_pool_forward_training(y.data(), taps.data(), x.data(), g, in.channels, batch);
    max_pool_backward(plain.data(), dy.data(), taps.data(), g, in.channels, batch);
    max_pool_backward(folded.data(), dy.data(), taps.data(), g, in.channels, batch, y.data(), bent{});
    compare();
    average_pool_backward(plain.data(), dy.data(), g, in.channels, batch);
    average_pool_backward(folded.data(), dy.data(), g, in.channels, batch, x.data(), bent{});
    compare();
    global_average_backward(plain.data(), dy.data(), in.pixels(), in.channels, batch);
    global_average_backward(folded.data(), dy.data(), in.pixels(), in.channels, batch, x.data(), bent{});
    compare();
}

} // namespace

TEMPLATE_TEST_CASE("pooling: the slope of the activation below is applied in the store", "[kernels]", float,
                   double) {
    for (const shape in : {shape{7, 9, 5}, shape{8, 6, 1}, shape{5, 5, 33}, shape{6, 6, 16}})
        for (const index batch : {1, 3}) {
            compare_folded<TestType>(in, batch, 2, 2, valid);
            compare_folded<TestType>(in, batch, 2, 2, same);
            compare_folded<TestType>(in, batch, 3, 2, same);
            compare_folded<TestType>(in, batch, 3, 1, padding{1});
            compare_folded<TestType>(in, batch, {2, 3}, {2, 4}, valid); // pixels in no window
        }
}

TEMPLATE_TEST_CASE("max pooling: windows with more than 256 taps count them in two bytes", "[kernels]", float,
                   double) {
    using T = TestType;
    const shape in{20, 19, 3};
    const window g = window::from(in, {18, 17}, 1, 1, valid);
    const index outputs = g.outputs() * 3;
    const auto x = numbers<T>(in.size(), 1), dy = numbers<T>(outputs, 2);
    const pooled<T> expected(x, dy, g, 3, 1);
    auto y = poisoned<T>(outputs), dx = poisoned<T>(in.size());
    std::vector<std::uint16_t> taps(y.size());
    max_pool_forward_training(y.data(), taps.data(), x.data(), g, 3, 1);
    max_pool_backward(dx.data(), dy.data(), taps.data(), g, 3, 1);
    CHECK(y == expected.max);
    CHECK(dx == expected.max_dx);
    CHECK(*std::max_element(taps.begin(), taps.end()) > 256);

    // a pixel in more windows than are gathered at once
    const window many = window::from(in, 12, 1, 1, same);
    const auto wide = numbers<T>(in.size(), 3);
    const pooled<T> right(x, wide, many, 3, 1);
    average_pool_backward(dx.data(), wide.data(), many, 3, 1);
    CHECK(largest_difference(dx, right.average_dx)
          <= 256 * static_cast<double>(std::numeric_limits<T>::epsilon()));
}

TEST_CASE("max pooling: a tie sends the gradient to the first maximum", "[kernels]") {
    const window g = window::from({2, 3, 1}, {2, 3}, 1, 1, valid);
    const std::vector<double> x{1, 5, 2, 5, 5, 0}, dy{3};
    std::vector<double> y(1), dx(6);
    std::vector<pool_tap> taps(1);
    max_pool_forward_training(y.data(), taps.data(), x.data(), g, 1, 1);
    max_pool_backward(dx.data(), dy.data(), taps.data(), g, 1, 1);
    CHECK(dx == std::vector<double>{0, 3, 0, 0, 0, 0});
}

TEST_CASE("max pooling: padding never wins", "[kernels]") {
    const window g = window::from({2, 2, 1}, 3, 1, 1, same);
    const std::vector<float> x{-4, -3, -2, -1};
    auto y = poisoned<float>(4);
    max_pool_forward(y.data(), x.data(), g, 1, 1);
    CHECK(y == std::vector<float>{-1, -1, -1, -1});
}

TEST_CASE("average pooling: padding does not count", "[kernels]") {
    const window g = window::from({2, 2, 1}, 2, 1, 1, same); // the odd pixel is at the bottom and right
    const std::vector<float> x{1, 2, 3, 6};
    auto y = poisoned<float>(4);
    average_pool_forward(y.data(), x.data(), g, 1, 1);
    CHECK(y == std::vector<float>{3, 4, 4.5f, 6});
}

TEMPLATE_TEST_CASE("max pooling: a NaN comes out wherever it lies in the window", "[kernels]", float,
                   double) {
    using T = TestType;
    const window g = window::from({2, 2, 17}, 2, 2, 1, valid);
    for (index place = 0; place < 4; ++place)
        for (const index channel : {0, 16}) {
            auto x = numbers<T>(4 * 17, 1);
            x[static_cast<std::size_t>(place * 17 + channel)] = std::numeric_limits<T>::quiet_NaN();
            std::vector<T> inference(17), training(17), dx(x.size()), dy(17, T(1));
            std::vector<pool_tap> taps(17);
            max_pool_forward(inference.data(), x.data(), g, 17, 1);
            max_pool_forward_training(training.data(), taps.data(), x.data(), g, 17, 1);
            for (index c = 0; c < 17; ++c) {
                CHECK(std::isnan(inference[static_cast<std::size_t>(c)]) == (c == channel));
                CHECK(std::isnan(training[static_cast<std::size_t>(c)]) == (c == channel));
            }
            max_pool_backward(dx.data(), dy.data(), taps.data(), g, 17, 1);
            CHECK(dx[static_cast<std::size_t>(place * 17 + channel)] == T(1));
        }
}

TEMPLATE_TEST_CASE("pooling: the same bits for any number of threads", "[kernels]", float, double) {
    using T = TestType;
    const int before = threads();
    const index channels = 9, batch = 61; // more than a megabyte, or it is one thread's
    const auto kernel = GENERATE(index{2}, index{3});
    const window g = window::from({24, 20, channels}, kernel, 2, 1, same);
    const auto x = numbers<T>(batch * 24 * 20 * channels, 1),
               dy = numbers<T>(batch * g.outputs() * channels, 2);
    const auto run = [&] {
        std::vector<T> all;
        auto y = poisoned<T>(static_cast<index>(dy.size())), dx = poisoned<T>(static_cast<index>(x.size()));
        std::vector<pool_tap> taps(dy.size());
        const auto keep = [&](const std::vector<T>& v) { all.insert(all.end(), v.begin(), v.end()); };
        max_pool_forward_training(y.data(), taps.data(), x.data(), g, channels, batch);
        keep(y);
        max_pool_backward(dx.data(), dy.data(), taps.data(), g, channels, batch);
        keep(dx);
        average_pool_forward(y.data(), x.data(), g, channels, batch);
        keep(y);
        average_pool_backward(dx.data(), dy.data(), g, channels, batch);
        keep(dx);
        return all;
    };
    threads(1);
    const auto one = run();
    for (const int count : {2, 3}) {
        threads(count);
        CHECK(run() == one);
    }
    threads(before);
}

TEMPLATE_TEST_CASE("global average pooling: the mean of all pixels", "[kernels]", float, double) {
    using T = TestType;
    for (const index batch : {1, 2, 7})
        for (const index channels : {1, 5, 40}) {
            const index pixels = 21;
            const auto x = numbers<T>(batch * pixels * channels, 1), dy = numbers<T>(batch * channels, 2);
            std::vector<T> expected(dy.size()), expected_dx(x.size());
            for (std::size_t i = 0; i < x.size(); ++i) {
                const auto p = static_cast<index>(i);
                const auto out = static_cast<std::size_t>(p / (pixels * channels) * channels + p % channels);
                expected[out] += x[i] / static_cast<T>(pixels);
                expected_dx[i] = dy[out] / static_cast<T>(pixels);
            }
            auto y = poisoned<T>(batch * channels), dx = poisoned<T>(batch * pixels * channels);
            global_average_forward(y.data(), x.data(), pixels, channels, batch);
            global_average_backward(dx.data(), dy.data(), pixels, channels, batch);
            const double tolerance = 16 * static_cast<double>(std::numeric_limits<T>::epsilon());
            CHECK(largest_difference(y, expected) <= tolerance);
            CHECK(largest_difference(dx, expected_dx) <= tolerance);
        }
}

} // namespace strata::test
