#include <strata/core/error.hpp>
#include <strata/data/transforms/image.hpp>
#include <strata/data/transforms/random_crop.hpp>
#include <strata/data/transforms/translate.hpp>

#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "data/files.hpp"
#include "data/transforms/images.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// The definition of a shift, pixel by pixel.
template <class T>
std::vector<T> shifted(const std::vector<T>& x, shape s, strata::index down, strata::index right,
                       padding_mode mode) {
    const auto mirrored = [](strata::index i, strata::index n) {
        return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
    };
    std::vector<T> y(x.size());
    for (strata::index h = 0; h < s.height; ++h)
        for (strata::index w = 0; w < s.width; ++w)
            for (strata::index c = 0; c < s.channels; ++c) {
                strata::index i = h - down, j = w - right;
                const bool inside = i >= 0 && i < s.height && j >= 0 && j < s.width;
                if (!inside && mode == padding_mode::zero) continue;
                i = mirrored(i, s.height), j = mirrored(j, s.width);
                y[static_cast<std::size_t>((h * s.width + w) * s.channels + c)] =
                    x[static_cast<std::size_t>((i * s.width + j) * s.channels + c)];
            }
    return y;
}

using place = std::pair<strata::index, strata::index>;

/// How often a transform of 5x7x2 images moved them by (down, right), over `draws` samples. A shift of zeros
/// in by up to 3 pixels is told by the place of one pixel.
template <class Transform> std::map<place, int> moves(const Transform& transform, std::uint32_t draws) {
    const shape s{5, 7, 2};
    const auto image = counted<float>(s);
    std::map<place, int> seen;
    for (std::uint32_t i = 0; i < draws; ++i) {
        const auto y = applied(transform, image, s, {.sample = i});
        for (strata::index down = -3; down <= 3; ++down)
            for (strata::index right = -3; right <= 3; ++right)
                if (y == shifted(image, s, down, right, transform.mode)) ++seen[{down, right}];
    }
    return seen;
}

} // namespace

TEMPLATE_TEST_CASE("a shift brings zeros or the mirrored image in from outside", "[crop]", float, double) {
    const shape s{2, 3, 1};
    const std::vector<TestType> x{1, 2, 3, 4, 5, 6};
    const auto moved = [&](strata::index down, strata::index right, padding_mode mode) {
        std::vector<TestType> y(6, -1);
        detail::shift(x.data(), y.data(), s, down, right, mode);
        return y;
    };
    CHECK(moved(1, 1, padding_mode::zero) == std::vector<TestType>{0, 0, 0, 0, 1, 2});
    CHECK(moved(0, -2, padding_mode::zero) == std::vector<TestType>{3, 0, 0, 6, 0, 0});
    CHECK(moved(1, 1, padding_mode::reflect) == std::vector<TestType>{5, 4, 5, 2, 1, 2});
    CHECK(moved(-1, -2, padding_mode::reflect) == std::vector<TestType>{6, 5, 4, 3, 2, 1});
}

TEST_CASE("every shift of several channels is what its definition says", "[crop]") {
    const padding_mode mode = GENERATE(padding_mode::zero, padding_mode::reflect);
    const shape s = GENERATE(shape{3, 5, 2}, shape{5, 3, 3}, shape{4, 4, 1});
    const auto x = counted<double>(s);
    for (strata::index down = 1 - s.height; down < s.height; ++down)
        for (strata::index right = 1 - s.width; right < s.width; ++right) {
            INFO("down " << down << ", right " << right);
            std::vector<double> y(x.size(), -1), copy(x.size(), -1), in_place = x;
            detail::shift(x.data(), y.data(), s, down, right, mode);
            detail::shift_in_place(in_place.data(), copy.data(), s, down, right, mode);
            CHECK(y == shifted(x, s, down, right, mode));
            CHECK(in_place == y);
        }
}

TEST_CASE("a crop is every shift up to its padding with the same chance", "[crop]") {
    const padding_mode mode = GENERATE(padding_mode::zero, padding_mode::reflect);
    const auto seen = moves(random_crop{.padding = 2, .mode = mode}, 5'000);
    CHECK(seen.size() == 25);
    double chi_square = 0;
    for (const auto& [where, times] : seen) {
        CHECK(std::abs(where.first) <= 2);
        CHECK(std::abs(where.second) <= 2);
        chi_square += std::pow(times - 200., 2) / 200;
    }
    CHECK(chi_square < 51.2); // 24 degrees of freedom: exceeded once in 1,000 seeds
    CHECK(chi_square > 8.1);  // too even would be as suspicious
}

TEST_CASE("a translation has a limit for each direction", "[crop]") {
    const auto seen = moves(translate{.vertical = 1, .horizontal = 3}, 2'100);
    CHECK(seen.size() == 21);
    int all = 0;
    for (const auto& [where, times] : seen) {
        CHECK(std::abs(where.first) <= 1);
        CHECK(std::abs(times - 100) < 50); // five standard deviations
        all += times;
    }
    CHECK(all == 2'100);
}

TEST_CASE("no padding and no way to go leave the image as it is", "[crop]") {
    const shape s{3, 5, 2};
    const auto x = counted<float>(s);
    for (std::uint32_t i = 0; i < 20; ++i) {
        CHECK(applied(random_crop{.padding = 0}, x, s, {.sample = i}) == x);
        CHECK(applied(translate{.vertical = 0, .horizontal = 0}, x, s, {.sample = i}) == x);
    }
}

TEST_CASE("crops and translations refuse what they cannot do, with both numbers", "[crop]") {
    const auto images = noise(4, {3, 5, 2}), rows = noise(4, {1, 1, 6});
    const auto says = [](const auto& act) { return message_of<argument_error>(act); };
    CHECK(says([&] { images.with(random_crop{.padding = 3}); })
          == "random_crop: padding must be in 0 .. 2 for samples of 3x5x2, got 3");
    CHECK(says([&] { images.with(random_crop{.padding = -1}); }).ends_with("got -1"));
    CHECK(says([&] { rows.with(random_crop{}); }) == "random_crop: takes images, the samples are rows of 6");
    CHECK(says([&] { images.with(translate{.vertical = 3}); })
          == "translate: vertical must be in 0 .. 2, got 3");
    CHECK(says([&] { images.with(translate{.horizontal = 5}); })
          == "translate: horizontal must be in 0 .. 4, got 5");
    CHECK(says([&] { rows.with(translate{}); }).starts_with("translate: takes images"));
    CHECK(images.with(random_crop{.padding = 2}, translate{.vertical = 2, .horizontal = 4}).size() == 4);
}
