#include <strata/core/error.hpp>
#include <strata/data/transforms/cutout.hpp>

#include <cmath>
#include <map>
#include <vector>

#include "data/files.hpp"
#include "data/transforms/images.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// What a cutout of this size with its centre at (row, column) leaves, pixel by pixel.
template <class T>
std::vector<T> cut(std::vector<T> x, shape s, strata::index row, strata::index column, strata::index size,
                   T fill) {
    for (strata::index h = 0; h < s.height; ++h)
        for (strata::index w = 0; w < s.width; ++w) {
            const strata::index i = h - row + size / 2, j = w - column + size / 2;
            if (i < 0 || i >= size || j < 0 || j >= size) continue;
            for (strata::index c = 0; c < s.channels; ++c)
                x[static_cast<std::size_t>((h * s.width + w) * s.channels + c)] = fill;
        }
    return x;
}

} // namespace

TEMPLATE_TEST_CASE("a cutout is a square around any pixel, cut off at the sides", "[cutout]", float, double) {
    const strata::index size = GENERATE(1, 2, 3, 5);
    const shape s{3, 5, 2};
    const auto x = counted<TestType>(s);
    std::map<std::vector<TestType>, int> expected; // with how many centres
    for (strata::index h = 0; h < s.height; ++h)
        for (strata::index w = 0; w < s.width; ++w) ++expected[cut<TestType>(x, s, h, w, size, -1)];
    std::map<std::vector<TestType>, int> seen;
    constexpr int draws = 3'000;
    for (std::uint32_t i = 0; i < draws; ++i)
        ++seen[applied(cutout{.size = size, .fill = -1}, x, s, {.sample = i})];
    REQUIRE(seen.size() == expected.size());
    for (const auto& [image, centres] : expected) {
        const double p = centres / 15.;
        CHECK(std::abs(seen[image] - draws * p) < 5 * std::sqrt(draws * p * (1 - p)) + 1e-9);
    }
}

TEST_CASE("a cutout fills with zero unless told otherwise, and of size 0 cuts nothing", "[cutout]") {
    const shape s{4, 4, 3};
    const auto x = counted<float>(s);
    const auto y = applied(cutout{.size = 2}, x, s, {.sample = 3});
    CHECK(y != x);
    for (std::size_t i = 0; i < y.size(); ++i) CHECK((y[i] == x[i] || y[i] == 0));
    CHECK(applied(cutout{.size = 0}, x, s) == x);
}

TEST_CASE("a cutout refuses what it cannot do", "[cutout]") {
    const auto images = noise(4, {3, 5, 2});
    const auto says = [](const auto& act) { return message_of<argument_error>(act); };
    CHECK(says([&] { images.with(cutout{}); })
          == "cutout: size must be in 0 .. 5 for samples of 3x5x2, got 8");
    CHECK(says([&] { images.with(cutout{.size = -1}); }).ends_with("got -1"));
    CHECK(says([&] { images.with(cutout{.size = 1, .fill = INFINITY}); }).starts_with("cutout: fill must"));
    CHECK(says([&] {
              noise(4, {1, 1, 6}).with(cutout{.size = 1});
          })
          == "cutout: takes images, the samples are rows of 6");
}
