#include <strata/core/error.hpp>
#include <strata/data/transforms/brightness.hpp>
#include <strata/data/transforms/contrast.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/files.hpp"
#include "data/transforms/images.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

const shape sample{3, 5, 2};

/// Whether numbers that should be uniform in [-limit, limit) may be so: their range, and mean and variance
/// within five standard deviations.
void check_uniform(const std::vector<double>& drawn, double limit) {
    const auto n = static_cast<double>(drawn.size());
    double mean = 0, square = 0;
    for (const double d : drawn) mean += d / n, square += d * d / n;
    CHECK(*std::min_element(drawn.begin(), drawn.end()) >= -limit);
    CHECK(*std::max_element(drawn.begin(), drawn.end()) < limit);
    CHECK(std::abs(mean) < 5 * limit / std::sqrt(3 * n));
    CHECK(std::abs(square - limit * limit / 3) < 5 * limit * limit * std::sqrt(4 / 45. / n));
}

} // namespace

TEMPLATE_TEST_CASE("brightness adds one number to the whole sample", "[colour]", float, double) {
    const auto x = counted<TestType>(sample);
    std::vector<double> drawn;
    for (std::uint32_t i = 0; i < 1'000; ++i) {
        const auto y = applied(brightness{.delta = 0.25}, x, sample, {.sample = i});
        const double add = static_cast<double>(y[0] - x[0]);
        for (std::size_t k = 0; k < x.size(); ++k)
            REQUIRE(static_cast<double>(y[k] - x[k]) == Approx(add).margin(1e-5));
        drawn.push_back(add);
    }
    check_uniform(drawn, 0.25);
    CHECK(applied(brightness{.delta = 0}, x, sample) == x);
}

TEMPLATE_TEST_CASE("contrast stretches every channel about its own mean", "[colour]", float, double) {
    const auto x = counted<TestType>(sample); // channels 1, 3, .. 29 and 2, 4, .. 30: means 15 and 16
    std::vector<double> drawn;
    for (std::uint32_t i = 0; i < 1'000; ++i) {
        const auto y = applied(contrast{.delta = 0.5}, x, sample, {.sample = i});
        const double factor = (static_cast<double>(y[0]) - 15) / (1 - 15);
        for (std::size_t k = 0; k < x.size(); ++k) {
            const double mean = k % 2 == 0 ? 15 : 16;
            REQUIRE(static_cast<double>(y[k])
                    == Approx(mean + factor * (static_cast<double>(x[k]) - mean)).margin(1e-4));
        }
        drawn.push_back(factor - 1);
    }
    check_uniform(drawn, 0.5);
    CHECK(applied(contrast{.delta = 0}, x, sample) == x);
}

TEST_CASE("brightness and contrast refuse what is out of range", "[colour]") {
    const auto images = noise(4, sample);
    const auto says = [](const auto& act) { return message_of<argument_error>(act); };
    CHECK(says([&] { images.with(brightness{-0.5}); }).starts_with("brightness: delta must be in 0 .. "));
    CHECK(says([&] { images.with(brightness{std::nan("")}); }).starts_with("brightness: delta must"));
    CHECK(says([&] { images.with(contrast{1.5}); }) == "contrast: delta must be in 0 .. 1, got 1.5");
    CHECK(says([&] {
              noise(4, {1, 1, 6}).with(contrast{});
          })
          == "contrast: takes images, the samples are rows of 6");
    CHECK(noise(4, {1, 1, 6}).with(brightness{}).size() == 4);
}
