#include <strata/core/error.hpp>
#include <strata/data/transforms/alternating_flip.hpp>
#include <strata/data/transforms/horizontal_flip.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "data/files.hpp"
#include "data/transforms/images.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

const shape sample{2, 3, 2};

template <class T> std::vector<T> mirrored() {
    return {5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8};
}

} // namespace

TEMPLATE_TEST_CASE("a flip mirrors pixels, not channels", "[flip]", float, double) {
    CHECK(applied(horizontal_flip{.probability = 1}, counted<TestType>(sample), sample)
          == mirrored<TestType>());
    for (const shape s : {shape{3, 4, 1}, shape{3, 5, 3}, shape{1, 6, 4}, shape{4, 1, 3}}) {
        const auto x = counted<TestType>(s);
        auto y = x;
        detail::mirror(y.data(), s);
        for (strata::index h = 0; h < s.height; ++h)
            for (strata::index w = 0; w < s.width; ++w)
                for (strata::index c = 0; c < s.channels; ++c) {
                    const auto at = [&](strata::index column) {
                        return static_cast<std::size_t>((h * s.width + column) * s.channels + c);
                    };
                    CHECK(y[at(w)] == x[at(s.width - 1 - w)]);
                }
    }
}

TEST_CASE("a share of the samples is flipped, others in every epoch", "[flip]") {
    const double probability = GENERATE(0., 0.3, 1.);
    const auto x = counted<float>(sample);
    int flipped = 0, both = 0;
    constexpr int draws = 10'000;
    for (std::uint32_t i = 0; i < draws; ++i) {
        const auto flips = [&](std::uint32_t epoch) {
            const auto y = applied(horizontal_flip{probability}, x, sample, {.sample = i, .epoch = epoch});
            REQUIRE((y == x || y == mirrored<float>()));
            return y != x;
        };
        const bool first = flips(0), second = flips(1);
        flipped += first;
        both += first && second;
    }
    const auto within = [](int count, double p) { // five standard deviations
        return std::abs(count - draws * p) <= 5 * std::sqrt(draws * p * (1 - p));
    };
    CHECK(within(flipped, probability));
    CHECK(within(both, probability * probability));
}

TEST_CASE("an alternating flip shows both sides of every image in two epochs", "[flip]") {
    const auto x = counted<float>(sample);
    int flipped = 0, like_another_seed = 0;
    constexpr int draws = 2'000;
    for (std::uint32_t i = 0; i < draws; ++i) {
        const auto flips = [&](std::uint32_t epoch, std::uint64_t seed = 1) {
            return applied(alternating_flip{}, x, sample, {.sample = i, .epoch = epoch, .seed = seed})
                   == mirrored<float>();
        };
        const bool first = flips(0);
        flipped += first;
        like_another_seed += first == flips(0, 2);
        for (const std::uint32_t epoch : {1u, 2u, 3u, 10u, 11u})
            REQUIRE(flips(epoch) == (first != (epoch % 2 == 1)));
    }
    CHECK(std::abs(flipped - draws / 2) < 112); // five standard deviations
    CHECK(std::abs(like_another_seed - draws / 2) < 112);
}

TEST_CASE("flips refuse what they cannot do", "[flip]") {
    const auto images = noise(4, sample), rows = noise(4, {1, 1, 6});
    const auto says = [](const auto& act) { return message_of<argument_error>(act); };
    CHECK(says([&] { images.with(horizontal_flip{1.5}); })
          == "horizontal_flip: probability must be in 0 .. 1, got 1.5");
    CHECK(says([&] { images.with(horizontal_flip{-0.1}); }).ends_with("got -0.1"));
    CHECK(says([&] {
              images.with(horizontal_flip{std::numeric_limits<double>::quiet_NaN()});
          }).starts_with("horizontal_flip: probability"));
    CHECK(says([&] { rows.with(horizontal_flip{}); })
          == "horizontal_flip: takes images, the samples are rows of 6");
    CHECK(says([&] { rows.with(alternating_flip{}); })
          == "alternating_flip: takes images, the samples are rows of 6");
}
