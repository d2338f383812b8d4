#include <strata/core/buffer.hpp>
#include <strata/core/parallel.hpp>
#include <strata/kernels/conv2d.hpp>
#include <strata/kernels/conv2d_reference.hpp>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {
namespace {

template <class T> struct outcome {
    std::vector<T> y, dx, dw, db;
    friend bool operator==(const outcome&, const outcome&) = default;
};

/// An activation that is in front of the convolution, as its gradient sees it.
struct quarter {
    template <class T> T slope(T y) const { return y > 0 ? T(1) : T(0.25); }
};

template <class T> struct problem {
    conv2d_sizes s;
    std::vector<T> x = numbers<T>(s.batch * s.inputs(), 1), w = numbers<T>(s.weights(), 2),
                   bias = numbers<T>(s.filters, 3), dy = numbers<T>(s.batch * s.outputs(), 4);

    outcome<T> poisoned_outcome() const {
        return {poisoned<T>(s.batch * s.outputs()), poisoned<T>(s.batch * s.inputs()),
                poisoned<T>(s.weights()), poisoned<T>(s.filters)};
    }
    outcome<T> fast(int workers) const { return fast(workers, conv2d_algorithms::of(s)); }
    outcome<T> fast(int workers, conv2d_algorithms by) const {
        auto o = poisoned_outcome();
        buffer<std::byte> scratch(conv2d_scratch<T>(s, workers, true, by));
        std::fill(scratch.begin(), scratch.end(), std::byte{0xff}); // a NaN in float and in double
        conv2d_forward(
            o.y.data(), x.data(), w.data(), bias.data(), s, workers, scratch.data(),
            [](T v) { return v > 0 ? v : v / 4; }, by);
        std::fill(scratch.begin(), scratch.end(), std::byte{0xff});
        conv2d_backward_data(o.dx.data(), dy.data(), w.data(), s, workers, scratch.data(), x.data(),
                             quarter{}, by);
        std::fill(scratch.begin(), scratch.end(), std::byte{0xff});
        conv2d_backward_weights(o.dw.data(), o.db.data(), x.data(), dy.data(), s, workers, scratch.data(),
                                by);
        return o;
    }
    outcome<T> reference() const {
        auto o = poisoned_outcome();
        conv2d_forward_reference(o.y.data(), x.data(), w.data(), bias.data(), s);
        for (auto& v : o.y) v = v > 0 ? v : v / 4;
        conv2d_backward_data_reference(o.dx.data(), dy.data(), w.data(), s);
        for (std::size_t i = 0; i < x.size(); ++i) o.dx[i] *= quarter{}.slope(x[i]);
        conv2d_backward_weights_reference(o.dw.data(), o.db.data(), x.data(), dy.data(), s);
        return o;
    }
};

/// Sums of n products of numbers below 1: rounding grows with n.
template <class T> double tolerance(index n) {
    return 2 * static_cast<double>(std::numeric_limits<T>::epsilon()) * static_cast<double>(n + 1);
}

template <class T>
void compare(shape in, index filters, index batch, size2 kernel, size2 stride, size2 dilation, padding pad) {
    const window g = window::from(in, kernel, stride, dilation, pad);
    CAPTURE(in, filters, batch, kernel.height, kernel.width, stride.height, stride.width, dilation.height,
            dilation.width, pad.top, pad.bottom, pad.left, pad.right, pad.is_same);
    REQUIRE(g.outputs() > 0);
    const problem<T> p{{g, in.channels, filters, batch}};
    const auto reference = p.reference();
    std::vector ways{conv2d_algorithms::of(p.s, {.winograd2 = false, .winograd4 = false}),
                     conv2d_algorithms::all(conv2d_algorithm::gemm),
                     conv2d_algorithms::all(conv2d_algorithm::direct)};
    if (!conv2d_direct_can(p.s)) ways.back().backward_data = conv2d_algorithm::gemm;
    if (p.s.is_product()) ways.push_back(conv2d_algorithms::all(conv2d_algorithm::product));
    for (const conv2d_algorithms& by : ways) {
        CAPTURE(static_cast<int>(by.forward), static_cast<int>(by.backward_data));
        const auto fast = p.fast(threads(), by);
        CHECK(largest_difference(fast.y, reference.y) <= tolerance<T>(p.s.patch()));
        CHECK(largest_difference(fast.dx, reference.dx) <= tolerance<T>(g.taps() * filters));
        CHECK(largest_difference(fast.dw, reference.dw) <= tolerance<T>(batch * g.outputs()));
        CHECK(largest_difference(fast.db, reference.db) <= tolerance<T>(batch * g.outputs()));
    }
}

} // namespace

TEMPLATE_TEST_CASE("conv2d: equals its definition on odd shapes", "[kernels]", float, double) {
    using T = TestType;
    for (const index batch : {1, 2, 7})
        for (const padding pad : {valid, same, padding{1}, padding{2, 0, 1, 3}})
            for (const size2 stride : {size2(1), size2(2), size2(3), size2(1, 2)})
                for (const size2 dilation : {size2(1), size2(2), size2(2, 1)}) {
                    compare<T>({9, 8, 3}, 5, batch, {3, 2}, stride, dilation, pad);
                    compare<T>({7, 11, 1}, 6, batch, {2, 5}, stride, dilation, pad);
                }
}

TEMPLATE_TEST_CASE("conv2d: equals its definition at the edges", "[kernels]", float, double) {
    using T = TestType;
    for (const index batch : {1, 2, 7}) {
        compare<T>({6, 5, 3}, 4, batch, {6, 5}, 1, 1, valid);          // the kernel is the image
        compare<T>({6, 5, 3}, 4, batch, 1, 1, 1, valid);               // a plain product
        compare<T>({6, 5, 3}, 4, batch, 1, 2, 1, valid);               // 1x1, but not every pixel
        compare<T>({6, 5, 3}, 4, batch, 1, 1, 1, padding{0, 1, 0, 1}); // 1x1, but with a border
        compare<T>({6, 5, 3}, 4, batch, 1, 1, 1, padding{1, 0, 0, 0});
        compare<T>({1, 1, 19}, 23, batch, 1, 1, 1, valid);
        compare<T>({1, 1, 7}, 1, batch, 3, 1, 1, same);
        compare<T>({3, 3, 2}, 2, batch, 7, 1, 1, same);                // wider than the image
        compare<T>({2, 2, 2}, 3, batch, 3, 1, 3, padding{4});          // most taps see nothing
        compare<T>({4, 4, 1}, 1, batch, 2, 3, 1, padding{5, 0, 0, 5}); // windows that see no pixel at all
        compare<T>({5, 4, 70}, 17, batch, 3, 1, 1, same);              // long copies
        compare<T>({40, 33, 12}, 16, batch, 3, 1, 1, same);            // several runs in one image
    }
    compare<T>({5, 5, 2}, 3, 67, 3, 2, 1, same); // more images than groups
}

TEMPLATE_TEST_CASE("conv2d: the same bits for any number of threads", "[kernels]", float, double) {
    const int before = threads();
    for (const index kernel : {1, 3, 5}) {
        const window g = window::from({24, 20, 6}, kernel, 1, 1, same);
        const problem<TestType> p{{g, 6, 10, 37}};
        threads(1);
        const auto one = p.fast(1);
        for (const int count : {2, 3}) {
            threads(count);
            CHECK(p.fast(count) == one);
        }
    }
    threads(before);
}

TEST_CASE("conv2d: a batch of seven is seven batches of one", "[kernels]") {
    const window g = window::from({8, 9, 3}, 3, 2, 1, same);
    const problem<double> seven{{g, 3, 5, 7}};
    const auto y = seven.fast(threads()).y;
    for (index i = 0; i < 7; ++i) {
        problem<double> one{{g, 3, 5, 1}};
        std::copy_n(seven.x.data() + i * one.s.inputs(), one.s.inputs(), one.x.data());
        const std::vector<double> expected(y.begin() + i * one.s.outputs(),
                                           y.begin() + (i + 1) * one.s.outputs());
        CHECK(largest_difference(one.fast(1).y, expected) <= 1e-14);
    }
}

TEST_CASE("conv2d: without a bias", "[kernels]") {
    const window g = window::from({6, 7, 3}, 3, 1, 1, valid);
    const problem<double> p{{g, 3, 20, 2}};
    buffer<std::byte> scratch(conv2d_scratch<double>(p.s, 2, true));
    auto y = poisoned<double>(2 * p.s.outputs()), expected = y;
    conv2d_forward(y.data(), p.x.data(), p.w.data(), static_cast<const double*>(nullptr), p.s, 2,
                   scratch.data());
    conv2d_forward_reference(expected.data(), p.x.data(), p.w.data(), static_cast<const double*>(nullptr),
                             p.s);
    CHECK(largest_difference(y, expected) <= 1e-13);
    auto dw = poisoned<double>(p.s.weights()), dw_expected = dw;
    conv2d_backward_weights(dw.data(), static_cast<double*>(nullptr), p.x.data(), p.dy.data(), p.s, 2,
                            scratch.data());
    conv2d_backward_weights_reference(dw_expected.data(), static_cast<double*>(nullptr), p.x.data(),
                                      p.dy.data(), p.s);
    CHECK(largest_difference(dw, dw_expected) <= 1e-12);
}

TEST_CASE("conv2d: the buffer of columns stays in the cache, for one big image too", "[kernels]") {
    const auto plan = [](shape in, index kernel, index filters, index batch) {
        return conv2d_gemm_plan<float>{{window::from(in, kernel, 1, 1, same), in.channels, filters, batch}};
    };
    CHECK(plan({28, 28, 1}, 6, 6, 100).columns() * 4 <= 300 * 1024);
    CHECK(plan({512, 512, 3}, 7, 64, 1).columns() * 4 <= 512 * 1024);
    CHECK(plan({512, 512, 3}, 7, 64, 1).rows_per_run() < 512);
    STATIC_REQUIRE(conv2d_scratch<float>({window::from({8, 8, 3}, 1, 1, 1, valid), 3, 4, 10}, 2, false,
                                         conv2d_algorithms::all(conv2d_algorithm::gemm))
                   == 0);
}

} // namespace strata::test
