#include <strata/core/buffer.hpp>
#include <strata/core/parallel.hpp>
#include <strata/kernels/normalise.hpp>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {
namespace {

template <class T> struct normalised {
    std::vector<T> mean, variance, inverse, y, dx, dscale, doffset;
    friend bool operator==(const normalised&, const normalised&) = default;
};

template <class T> struct problem {
    index rows, channels;
    std::vector<T> x = numbers<T>(rows * channels, 1), dy = numbers<T>(rows * channels, 2),
                   scale = numbers<T>(channels, 3), offset = numbers<T>(channels, 4);
    T epsilon = T(1e-3);

    normalised<T> fast(bool with_scale, bool with_offset) const {
        normalised<T> o{poisoned<T>(channels),        poisoned<T>(channels),        poisoned<T>(channels),
                        poisoned<T>(rows * channels), poisoned<T>(rows * channels), poisoned<T>(channels),
                        poisoned<T>(channels)};
        buffer<std::byte> scratch(normalise_scratch<T>(rows, channels));
        const auto poison = [&] { std::fill(scratch.begin(), scratch.end(), std::byte{0xff}); };
        poison();
        batch_statistics(o.mean.data(), o.variance.data(), x.data(), rows, channels, scratch.data());
        for (std::size_t c = 0; c < o.mean.size(); ++c) o.inverse[c] = 1 / std::sqrt(o.variance[c] + epsilon);
        const T* const s = with_scale ? scale.data() : nullptr;
        auto gain = poisoned<T>(channels);
        normalise(o.y.data(), x.data(), o.mean.data(), o.inverse.data(), s,
                  with_offset ? offset.data() : nullptr, rows, channels, gain.data(),
                  [](T v) { return v > 0 ? v : v / 4; });
        poison();
        normalise_backward(o.dx.data(), o.dscale.data(), o.doffset.data(), x.data(), dy.data(), o.mean.data(),
                           o.inverse.data(), s, rows, channels, scratch.data());
        return o;
    }

    /// By the definition, in long double: the sums of a plain loop in double would be less exact than what is
    /// tested.
    normalised<long double> reference(bool with_scale, bool with_offset) const {
        const auto size = x.size(), n = static_cast<std::size_t>(channels);
        normalised<long double> o{std::vector<long double>(n),    std::vector<long double>(n),
                                  std::vector<long double>(n),    std::vector<long double>(size),
                                  std::vector<long double>(size), std::vector<long double>(n),
                                  std::vector<long double>(n)};
        const auto count = static_cast<long double>(rows);
        const auto number = [](T v) { return static_cast<long double>(v); };
        for (std::size_t i = 0; i < size; ++i) o.mean[i % n] += number(x[i]) / count;
        for (std::size_t i = 0; i < size; ++i)
            o.variance[i % n] += std::pow(number(x[i]) - o.mean[i % n], 2) / count;
        for (std::size_t c = 0; c < n; ++c) o.inverse[c] = 1 / std::sqrt(o.variance[c] + number(epsilon));
        const auto h = [&](std::size_t i) { return (number(x[i]) - o.mean[i % n]) * o.inverse[i % n]; };
        const auto s = [&](std::size_t i) { return with_scale ? number(scale[i % n]) : 1.0L; };
        for (std::size_t i = 0; i < size; ++i) {
            o.y[i] = h(i) * s(i) + (with_offset ? number(offset[i % n]) : 0.0L);
            o.y[i] = o.y[i] > 0 ? o.y[i] : o.y[i] / 4;
            o.doffset[i % n] += number(dy[i]);
            o.dscale[i % n] += number(dy[i]) * h(i);
        }
        for (std::size_t i = 0; i < size; ++i)
            o.dx[i] = s(i) * o.inverse[i % n]
                      * (number(dy[i]) - o.doffset[i % n] / count - h(i) * o.dscale[i % n] / count);
        return o;
    }
};

} // namespace

TEMPLATE_TEST_CASE("normalise: equals its definition", "[kernels]", float, double) {
    const double unit = static_cast<double>(std::numeric_limits<TestType>::epsilon());
    for (const index rows : {1, 2, 7, 500, 4001})
        for (const index channels : {1, 3, 10, 15, 16, 17, 33, 130, 256})
            for (const bool with_scale : {false, true})
                for (const bool with_offset : {false, true}) {
                    CAPTURE(rows, channels, with_scale, with_offset);
                    const problem<TestType> p{rows, channels};
                    const auto fast = p.fast(with_scale, with_offset);
                    const auto expected = p.reference(with_scale, with_offset);
                    const auto steep = static_cast<double>(
                        *std::max_element(expected.inverse.begin(), expected.inverse.end()));
                    CHECK(largest_difference(fast.mean, expected.mean) <= 8 * unit);
                    CHECK(largest_difference(fast.variance, expected.variance) <= 8 * unit);
                    CHECK(largest_difference(fast.y, expected.y) <= 16 * steep * unit);
                    CHECK(largest_difference(fast.doffset, expected.doffset)
                          <= 4 * unit * (10 + static_cast<double>(rows)));
                    CHECK(largest_difference(fast.dscale, expected.dscale)
                          <= 16 * steep * unit * (10 + static_cast<double>(rows)));
                    CHECK(largest_difference(fast.dx, expected.dx) <= 64 * steep * steep * unit);
                }
}

TEST_CASE("batch statistics: accurate where the mean is far larger than the deviation", "[kernels]") {
    for (const index channels : {1, 5, 32}) {
        const index rows = 20'000;
        auto x = numbers<float>(rows * channels, 1);
        for (auto& v : x) v = 1e4f + v * std::sqrt(3.f); // uniform: deviation 1
        std::vector<double> mean(static_cast<std::size_t>(channels)), variance(mean);
        for (std::size_t i = 0; i < x.size(); ++i)
            mean[i % mean.size()] += static_cast<double>(x[i]) / static_cast<double>(rows);
        for (std::size_t i = 0; i < x.size(); ++i)
            variance[i % mean.size()] +=
                std::pow(static_cast<double>(x[i]) - mean[i % mean.size()], 2) / static_cast<double>(rows);
        auto m = poisoned<float>(channels), v = poisoned<float>(channels);
        buffer<std::byte> scratch(normalise_scratch<float>(rows, channels));
        batch_statistics(m.data(), v.data(), x.data(), rows, channels, scratch.data());
        CHECK(largest_difference(m, mean) <= 1e-3); // 1e4 in float is exact to 5e-4
        CHECK(largest_difference(v, variance) <= 2e-5);
        CHECK(variance[0] == Approx(1).epsilon(0.05)); // the numbers are what the test says
    }
}

TEST_CASE("batch statistics: a first row that is far from the rest does no harm", "[kernels]") {
    const index rows = 3000, channels = 4;
    auto x = numbers<float>(rows * channels, 1);
    for (std::size_t i = 4; i < x.size(); ++i) x[i] += 1000;
    std::vector<double> mean(4), variance(4);
    for (std::size_t i = 0; i < x.size(); ++i) mean[i % 4] += static_cast<double>(x[i]) / rows;
    for (std::size_t i = 0; i < x.size(); ++i)
        variance[i % 4] += std::pow(static_cast<double>(x[i]) - mean[i % 4], 2) / rows;
    auto m = poisoned<float>(channels), v = poisoned<float>(channels);
    buffer<std::byte> scratch(normalise_scratch<float>(rows, channels));
    batch_statistics(m.data(), v.data(), x.data(), rows, channels, scratch.data());
    for (std::size_t c = 0; c < 4; ++c) {
        CHECK(static_cast<double>(m[c]) == Approx(mean[c]).epsilon(1e-6));
        CHECK(static_cast<double>(v[c]) == Approx(variance[c]).epsilon(1e-5));
    }
}

TEMPLATE_TEST_CASE("normalise: the same bits for any number of threads", "[kernels]", float, double) {
    const int before = threads();
    for (const index channels : {1, 6, 40}) {
        const problem<TestType> p{20'011, channels};
        threads(1);
        const auto one = p.fast(true, true);
        for (const int count : {2, 3}) {
            threads(count);
            CHECK(p.fast(true, true) == one);
        }
    }
    threads(before);
}

TEST_CASE("normalise: without dx the sums are the same", "[kernels]") {
    const problem<double> p{123, 5};
    const auto whole = p.fast(true, true);
    buffer<std::byte> scratch(normalise_scratch<double>(p.rows, p.channels));
    auto dscale = poisoned<double>(5), doffset = poisoned<double>(5);
    normalise_backward<double>(nullptr, dscale.data(), doffset.data(), p.x.data(), p.dy.data(),
                               whole.mean.data(), whole.inverse.data(), p.scale.data(), p.rows, p.channels,
                               scratch.data());
    CHECK(dscale == whole.dscale);
    CHECK(doffset == whole.doffset);
}

TEMPLATE_TEST_CASE("normalise: the slope of the activation below is applied in the store", "[kernels]", float,
                   double) {
    using T = TestType;
    struct bent {
        T operator()(T v) const { return v; }
        T slope(T y) const { return y > 0 ? 1 + y : T(0.5); }
    };
    for (const index channels : {1, 3, 6, 10, 24, 33, 64, 256, 700})
        for (const index rows : {1, 5, 300}) {
            CAPTURE(rows, channels);
            const problem<T> p{rows, channels};
            auto plain = p.fast(true, true), folded = plain;
            folded.dx = poisoned<T>(rows * channels);
            buffer<std::byte> scratch(normalise_scratch<T>(rows, channels));
            normalise_backward(folded.dx.data(), folded.dscale.data(), folded.doffset.data(), p.x.data(),
                               p.dy.data(), plain.mean.data(), plain.inverse.data(), p.scale.data(), rows,
                               channels, scratch.data(), bent{});
            for (std::size_t i = 0; i < plain.dx.size(); ++i) plain.dx[i] *= bent{}.slope(p.x[i]);
            CHECK(folded == plain);
        }
}

TEST_CASE("batch statistics: a chunk whose first rows are far from the rest", "[kernels]") {
    const index rows = 4000, channels = 24;
    auto x = numbers<float>(rows * channels, 1);
    for (std::size_t i = 300; i < x.size(); ++i)
        x[i] += 1000; // numbers 0 .. 299: the first 12 rows and a half
    std::vector<double> mean(24), variance(24);
    for (std::size_t i = 0; i < x.size(); ++i) mean[i % 24] += static_cast<double>(x[i]) / rows;
    for (std::size_t i = 0; i < x.size(); ++i)
        variance[i % 24] += std::pow(static_cast<double>(x[i]) - mean[i % 24], 2) / rows;
    auto m = poisoned<float>(channels), v = poisoned<float>(channels);
    buffer<std::byte> scratch(normalise_scratch<float>(rows, channels));
    batch_statistics(m.data(), v.data(), x.data(), rows, channels, scratch.data());
    for (std::size_t c = 0; c < 24; ++c) {
        CHECK(static_cast<double>(m[c]) == Approx(mean[c]).epsilon(1e-6));
        CHECK(static_cast<double>(v[c]) == Approx(variance[c]).epsilon(1e-5));
    }
}

TEST_CASE("batch statistics: a NaN and an infinity show", "[kernels]") {
    for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
        for (const index row : {0, 77}) {
            auto x = numbers<float>(100 * 3, 1);
            x[static_cast<std::size_t>(row * 3 + 1)] = odd;
            auto m = poisoned<float>(3), v = poisoned<float>(3);
            buffer<std::byte> scratch(normalise_scratch<float>(100, 3));
            batch_statistics(m.data(), v.data(), x.data(), 100, 3, scratch.data());
            CHECK(std::isfinite(m[0]));
            CHECK_FALSE(std::isfinite(m[1]));
            CHECK(std::isnan(v[1]));
            CHECK(std::isfinite(v[2]));
        }
}

} // namespace strata::test
