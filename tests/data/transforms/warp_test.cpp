#include <strata/core/error.hpp>
#include <strata/data/transforms/affine.hpp>
#include <strata/data/transforms/elastic.hpp>
#include <strata/data/transforms/image.hpp>
#include <strata/data/transforms/resample.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "data/files.hpp"
#include "data/transforms/images.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

template <class T> struct place { T row, column; };

template <class T, class Where> std::vector<T> resampled(std::vector<T> x, shape s, const Where& where) {
    std::vector<T> scratch(static_cast<std::size_t>(detail::resample_scratch(s)),
                           std::numeric_limits<T>::quiet_NaN());
    detail::resample(x.data(), s, scratch.data(), where);
    return x;
}

template <class T> std::vector<T> warped(std::vector<T> x, shape s, const detail::affine_map& map) {
    std::vector<T> scratch(static_cast<std::size_t>(detail::resample_scratch(s)),
                           std::numeric_limits<T>::quiet_NaN());
    detail::warp(x.data(), s, scratch.data(), map);
    return x;
}

/// Two channels: the row and the column of each pixel. Bilinear interpolation keeps them: after a warp they
/// say where a pixel came from, unless that is near a side.
std::vector<double> places(shape s) {
    std::vector<double> x(static_cast<std::size_t>(2 * s.pixels()));
    for (strata::index i = 0; i < s.pixels(); ++i) {
        x[static_cast<std::size_t>(2 * i)] = static_cast<double>(i / s.width);
        x[static_cast<std::size_t>(2 * i + 1)] = static_cast<double>(i % s.width);
    }
    return x;
}

/// Numbers that should lie in -limit .. limit and come near both ends.
void check_fills(const std::vector<double>& drawn, double limit) {
    CHECK(*std::min_element(drawn.begin(), drawn.end()) >= -limit - 1e-3);
    CHECK(*std::min_element(drawn.begin(), drawn.end()) < -0.9 * limit);
    CHECK(*std::max_element(drawn.begin(), drawn.end()) <= limit + 1e-3);
    CHECK(*std::max_element(drawn.begin(), drawn.end()) > 0.9 * limit);
}

} // namespace

TEMPLATE_TEST_CASE("an image sampled between its pixels is interpolated, with zeros outside", "[warp]", float,
                   double) {
    using T = TestType;
    const shape s{2, 3, 1};
    const std::vector<T> x{1, 2, 3, 4, 5, 6};
    const auto by = [&](T down, T right) {
        return resampled(x, s, [=](strata::index h, strata::index w) {
            return place<T>{static_cast<T>(h) + down, static_cast<T>(w) + right};
        });
    };
    CHECK(by(0, 0) == x);
    CHECK(by(0, T(0.5)) == std::vector<T>{1.5, 2.5, 1.5, 4.5, 5.5, 3});
    CHECK(by(T(0.25), 0) == std::vector<T>{1.75, 2.75, 3.75, 3, 3.75, 4.5});
    CHECK(by(T(-0.5), T(-0.5)) == std::vector<T>{0.25, 0.75, 1.25, 1.25, 3, 4});
    CHECK(by(1, -1) == std::vector<T>{0, 4, 5, 0, 0, 0});
    for (const T far : {T(2), T(-2), T(1e9), T(-1e9)}) {
        CHECK(by(far, 0) == std::vector<T>(6, 0));
        if (std::abs(far) > 3) CHECK(by(0, far) == std::vector<T>(6, 0));
    }
}

TEST_CASE("images of several channels and wider than a block are sampled alike", "[warp]") {
    const shape s{3, 70, 3};
    const auto x = counted<double>(s);
    const auto y = resampled(x, s, [](strata::index h, strata::index w) {
        return place<double>{static_cast<double>(2 - h), 69.5 - static_cast<double>(w)};
    });
    const auto at = [&](strata::index h, strata::index w, strata::index c) {
        return w > 69 ? 0 : x[static_cast<std::size_t>((h * 70 + w) * 3 + c)];
    };
    for (strata::index h = 0; h < 3; ++h)
        for (strata::index w = 0; w < 70; ++w)
            for (strata::index c = 0; c < 3; ++c)
                CHECK(y[static_cast<std::size_t>((h * 70 + w) * 3 + c)]
                      == (at(2 - h, 69 - w, c) + at(2 - h, 70 - w, c)) / 2);
}

TEMPLATE_TEST_CASE("an image turned by right angles is exactly that", "[warp]", float, double) {
    const strata::index n = GENERATE(3, 4, 28);
    const shape s{n, n, 2};
    const auto x = counted<TestType>(s);
    const auto expect = [&](const auto& row, const auto& column) {
        auto y = x;
        for (strata::index h = 0; h < n; ++h)
            for (strata::index w = 0; w < n; ++w)
                for (strata::index c = 0; c < 2; ++c)
                    y[static_cast<std::size_t>((h * n + w) * 2 + c)] =
                        x[static_cast<std::size_t>((row(h, w) * n + column(h, w)) * 2 + c)];
        return y;
    };
    const auto this_row = [](strata::index h, strata::index) { return h; };
    const auto this_column = [](strata::index, strata::index w) { return w; };
    const auto last_row = [n](strata::index h, strata::index) { return n - 1 - h; };
    const auto last_column = [n](strata::index, strata::index w) { return n - 1 - w; };
    CHECK(warped(x, s, {}) == x);
    CHECK(warped(x, s, {.rotation = 90}) == expect(last_column, this_row)); // clockwise
    CHECK(warped(x, s, {.rotation = -90}) == expect(this_column, last_row));
    CHECK(warped(x, s, {.rotation = 180}) == expect(last_row, last_column));
}

TEMPLATE_TEST_CASE("an image is moved, scaled and sheared about its centre", "[warp]", float, double) {
    const shape s{3, 5, 1};
    const auto x = counted<TestType>(s);
    CHECK(warped(x, s, {.down = 1, .right = -2})
          == std::vector<TestType>{0, 0, 0, 0, 0, 3, 4, 5, 0, 0, 8, 9, 10, 0, 0});
    CHECK(warped(x, s, {.scale = 2})
          == std::vector<TestType>{4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5, 10, 10.5, 11, 11.5});
    CHECK(warped(x, s, {.scale = 0.5})
          == std::vector<TestType>{0, 0, 0, 0, 0, 0, 6, 8, 10, 0, 0, 0, 0, 0, 0});
    CHECK(warped(x, s, {.shear = 45}) // rows below the middle go to the right
          == std::vector<TestType>{2, 3, 4, 5, 0, 6, 7, 8, 9, 10, 0, 11, 12, 13, 14});
}

TEST_CASE("rotation, scale, shear and translation stay in their limits and use them", "[warp]") {
    const shape s{41, 41, 2};
    const auto x = places(s);
    const affine limits{.rotation = 20, .scale = 0.25, .shear = 10, .translation = 3};
    std::vector<double> rotation, scale, shear, down, right;
    for (std::uint32_t i = 0; i < 200; ++i) {
        const auto y = applied(limits, x, s, {.sample = i});
        const auto at = [&](strata::index h, strata::index w, std::size_t c) {
            return y[static_cast<std::size_t>(2 * (h * 41 + w)) + c];
        };
        // The inverse of the map about the centre, from places 10 pixels apart, and its inverse.
        const double a = (at(25, 20, 0) - at(15, 20, 0)) / 10, b = (at(20, 25, 0) - at(20, 15, 0)) / 10,
                     c = (at(25, 20, 1) - at(15, 20, 1)) / 10, d = (at(20, 25, 1) - at(20, 15, 1)) / 10;
        const double from_row = at(20, 20, 0) - 20, from_column = at(20, 20, 1) - 20;
        const double determinant = a * d - b * c;
        down.push_back(-(d * from_row - b * from_column) / determinant);
        right.push_back(-(a * from_column - c * from_row) / determinant);
        const double angle = std::atan2(-b, a), factor = 1 / std::hypot(a, b);
        rotation.push_back(angle * 180 / std::numbers::pi);
        scale.push_back(factor - 1);
        shear.push_back(std::atan((std::sin(angle) - factor * c) / std::cos(angle)) * 180 / std::numbers::pi);
    }
    check_fills(rotation, 20);
    check_fills(scale, 0.25);
    check_fills(shear, 10);
    check_fills(down, 3);
    check_fills(right, 3);
}

TEST_CASE("an elastic field has the variance and the smoothness of Simard's", "[warp]") {
    const shape s{47, 43, 2};
    const double sigma = GENERATE(2., 4.), strength = 5 * sigma;
    const auto x = places(s);
    double variance = 0, mean = 0, below = 0, beside = 0, mixed = 0;
    int n = 0;
    for (std::uint32_t i = 0; i < 100; ++i) {
        const auto y = applied(elastic{.strength = strength, .smoothness = sigma}, x, s, {.sample = i});
        const auto moved = [&](strata::index h, strata::index w, std::size_t c) {
            const auto at = static_cast<std::size_t>(2 * (h * s.width + w)) + c;
            return y[at] - x[at];
        };
        const auto far = static_cast<strata::index>(2 * sigma); // correlation 1 / e
        for (strata::index h = 12; h < 35 - far; h += 3)
            for (strata::index w = 12; w < 31 - far; w += 3, ++n)
                for (const std::size_t c : {0u, 1u}) {
                    mean += moved(h, w, c);
                    variance += std::pow(moved(h, w, c), 2);
                    below += moved(h, w, c) * moved(h + far, w, c);
                    beside += moved(h, w, c) * moved(h, w + far, c);
                    mixed += moved(h, w, c) * moved(h, w, 1 - c);
                }
    }
    // Uniform noise of variance 1/3, smoothed by a Gaussian: over 4 pi sigma² pixels.
    const double expected = strength * strength / (12 * std::numbers::pi * sigma * sigma);
    CHECK(variance / (2 * n) == Approx(expected).epsilon(0.1));
    CHECK(below / variance == Approx(std::exp(-1)).margin(0.08));
    CHECK(beside / variance == Approx(std::exp(-1)).margin(0.08));
    CHECK(std::abs(mixed / variance) < 0.1);
    CHECK(std::abs(mean / (2 * n)) < 0.1 * std::sqrt(expected));
}

TEMPLATE_TEST_CASE("warps of nothing leave the image as it is, others depend on sample, epoch and seed",
                   "[warp]", float, double) {
    const shape s = GENERATE(shape{28, 28, 1}, shape{5, 19, 3}, shape{33, 2, 2});
    const auto x = counted<TestType>(s);
    CHECK(applied(affine{}, x, s) == x);
    CHECK(applied(elastic{.strength = 0}, x, s) == x);
    CHECK(applied(elastic{.strength = 1e-9, .smoothness = 1}, x, s) == x);
    const auto check = [&](const auto& transform) {
        const auto first = applied(transform, x, s);
        CHECK(first == applied(transform, x, s));
        CHECK(first != x);
        CHECK(first != applied(transform, x, s, {.sample = 1}));
        CHECK(first != applied(transform, x, s, {.epoch = 1}));
        CHECK(first != applied(transform, x, s, {.seed = 2}));
        CHECK(std::all_of(first.begin(), first.end(), [](TestType v) { return std::isfinite(v); }));
    };
    check(affine{.rotation = 15, .scale = 0.1, .shear = 5, .translation = 1});
    check(elastic{.strength = 20, .smoothness = 2});
}

TEST_CASE("warps refuse what is out of range", "[warp]") {
    const auto images = noise(4, {3, 5, 2}), rows = noise(4, {1, 1, 6});
    const auto says = [](const auto& act) { return message_of<argument_error>(act); };
    CHECK(says([&] { images.with(affine{.rotation = -1}); })
          == "affine: rotation must be in 0 .. 180, got -1");
    CHECK(says([&] { images.with(affine{.scale = 1}); }) == "affine: scale must be in 0 .. 0.9, got 1");
    CHECK(says([&] { images.with(affine{.shear = 90}); }) == "affine: shear must be in 0 .. 80, got 90");
    CHECK(says([&] { images.with(affine{.translation = 6}); })
          == "affine: translation must be in 0 .. 5, got 6");
    CHECK(says([&] { images.with(elastic{.strength = -1}); }).starts_with("elastic: strength must be in 0"));
    CHECK(says([&] { images.with(elastic{.smoothness = 0}); })
          == "elastic: smoothness must be in 0.1 .. 5, got 0");
    CHECK(says([&] { rows.with(affine{}); }) == "affine: takes images, the samples are rows of 6");
    CHECK(says([&] { rows.with(elastic{}); }) == "elastic: takes images, the samples are rows of 6");
}
