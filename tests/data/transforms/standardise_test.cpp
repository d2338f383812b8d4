#include <strata/core/error.hpp>
#include <strata/data/batches.hpp>
#include <strata/data/transforms/random_crop.hpp>
#include <strata/data/transforms/standardise.hpp>
#include <strata/data/transforms/subtract_mean_image.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "data/files.hpp"
#include "data/transforms/images.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// All samples of a data set as a batch has them.
template <class T, class Dataset> std::vector<T> numbers_of(const Dataset& data) {
    data::batches source(data, {.size = data.size(), .shuffle = false});
    auto batch = source.template make<T>();
    source.fill(0, batch);
    return {batch.x.begin(), batch.x.end()};
}

struct moments {
    double mean = 0, deviation = 0;
};
template <class T> moments of_channel(const std::vector<T>& x, std::size_t channel, std::size_t channels) {
    const auto n = static_cast<double>(x.size() / channels);
    moments found;
    for (std::size_t i = channel; i < x.size(); i += channels) found.mean += static_cast<double>(x[i]) / n;
    for (std::size_t i = channel; i < x.size(); i += channels)
        found.deviation += std::pow(static_cast<double>(x[i]) - found.mean, 2) / n;
    found.deviation = std::sqrt(found.deviation);
    return found;
}

} // namespace

TEST_CASE("mean and deviation of every channel, by hand", "[standardise]") {
    const tensor<float, 4> x{{{{1, 10}, {3, 10}}}, {{{5, 10}, {7, 30}}}};
    const data::dataset data(x, tensor<std::uint8_t, 1>{0, 1});
    const auto s = standardise::of(data);
    CHECK(s.mean == std::vector<double>{4, 15});
    REQUIRE(s.deviation.size() == 2);
    CHECK(s.deviation[0] == Approx(std::sqrt(5)));
    CHECK(s.deviation[1] == Approx(std::sqrt(75)));
    const auto y = numbers_of<double>(data.with(s));
    const std::array<double, 8> expected{-3 / std::sqrt(5),  -5 / std::sqrt(75), -1 / std::sqrt(5),
                                         -5 / std::sqrt(75), 1 / std::sqrt(5),   -5 / std::sqrt(75),
                                         3 / std::sqrt(5),   15 / std::sqrt(75)};
    for (std::size_t i = 0; i < 8; ++i) CHECK(y[i] == Approx(expected[i]));
}

TEMPLATE_TEST_CASE("a standardised training part has mean 0 and deviation 1 in every channel",
                   "[standardise]", float, double) {
    const shape s = GENERATE(shape{5, 7, 3}, shape{3, 3, 1}, shape{1, 1, 5});
    const auto all = noise(300, s);
    const auto train = all.slice(0, 131), test = all.slice(131, 169);
    const auto standard = standardise::of(train);
    const auto channels = static_cast<std::size_t>(s.channels);
    const auto x = numbers_of<TestType>(train.with(standard)), y = numbers_of<TestType>(test.with(standard));
    const double rounding = sizeof(TestType) == 4 ? 1e-6 : 1e-13;
    for (std::size_t c = 0; c < channels; ++c) {
        const moments m = of_channel(x, c, channels), other = of_channel(y, c, channels);
        CHECK(std::abs(m.mean) < rounding);
        CHECK(std::abs(m.deviation - 1) < rounding);
        CHECK(std::abs(other.mean) > 1e-4); // the test part had no say
    }
}

TEST_CASE("a channel that never changes is only centred", "[standardise]") {
    const tensor<float, 4> x{{{{0.1f, 1}, {0.1f, 2}, {0.1f, 4}}}};
    const data::dataset data(x, tensor<std::uint8_t, 1>{0});
    const auto s = standardise::of(data);
    CHECK(s.deviation[0] == 1);
    const auto y = numbers_of<float>(data.with(s));
    CHECK(std::abs(y[0]) < 1e-7);
    CHECK(y[1] < -1);
}

TEST_CASE("what stands in front counts: mean and deviation of a data set with transforms", "[standardise]") {
    const auto images = noise(40, {5, 5, 2});
    const auto twice = images.with([](auto* x, shape s, const auto&) {
        for (strata::index i = 0; i < s.size(); ++i) x[i] *= 2;
    });
    const auto one = standardise::of(images), two = standardise::of(twice);
    for (std::size_t c = 0; c < 2; ++c) {
        CHECK(two.mean[c] == Approx(2 * one.mean[c]));
        CHECK(two.deviation[c] == Approx(2 * one.deviation[c]));
    }
    CHECK(numbers_of<double>(twice.with(two))[7] == Approx(numbers_of<double>(images.with(one))[7]));
}

TEMPLATE_TEST_CASE("the mean image is taken from the bytes as they are kept", "[standardise]", float,
                   double) {
    const shape s{3, 5, 2};
    const auto all = noise(90, s);
    const auto train = all.slice(20, 70);
    const auto centred = subtract_mean_image::of(train);
    REQUIRE(centred.mean.size() == 30);
    const auto x = numbers_of<TestType>(all.with(centred));
    for (std::size_t k = 0; k < 30; ++k) {
        double mean = 0;
        for (strata::index i = 0; i < 70; ++i) mean += train.samples(i)[k];
        mean /= 70;
        CHECK(centred.mean[k] == Approx(mean).epsilon(1e-12));
        for (std::size_t i = 0; i < 90; ++i)
            CHECK(static_cast<double>(x[30 * i + k])
                  == Approx(all.samples(0)[30 * i + k] - mean).margin(sizeof(TestType) == 4 ? 3e-5 : 1e-12));
    }

    const auto small = subtract_mean_image::of(train, 1. / 255);
    const auto y = numbers_of<TestType>(all.with(small));
    for (std::size_t i = 0; i < x.size(); ++i)
        CHECK(static_cast<double>(y[i]) == Approx(static_cast<double>(x[i]) / 255).margin(3e-7));
}

TEST_CASE("a mean image of real numbers is in their units", "[standardise]") {
    const tensor<double, 4> x{{{{1}, {2}}}, {{{3}, {8}}}};
    const data::dataset data(x, tensor<std::uint8_t, 1>{0, 1});
    const auto centred = subtract_mean_image::of(data);
    CHECK(centred.mean == std::vector<double>{2, 5});
    CHECK(numbers_of<double>(data.with(centred)) == std::vector<double>{-1, -3, 1, 3});
}

TEST_CASE("standardising refuses what it cannot do", "[standardise]") {
    const auto colour = noise(4, {3, 5, 3}), grey = noise(4, {3, 5, 1});
    const auto says = [](const auto& act) { return message_of<argument_error>(act); };
    CHECK(says([&] { grey.with(standardise::of(colour)); })
          == "standardise: has the mean of 3 channels and the deviation of 3, the samples have 1");
    CHECK(says([&] {
              grey.with(standardise{{0.5}, {0}});
          })
          == "standardise: channel 0 has the mean 0.5 and the deviation 0, which must be finite and above 0");
    CHECK(says([&] { grey.with(standardise{}); }).starts_with("standardise: has the mean of 0 channels"));
    CHECK(says([&] { standardise::of(grey.slice(1, 0)); })
          == "standardise: the data set has 0 samples, at least 1 is needed");
    CHECK(says([&] { grey.with(subtract_mean_image::of(colour)); })
          == "subtract_mean_image: the mean image has 45 elements, the samples have 15");
    CHECK(says([&] { subtract_mean_image::of(grey, 0); }).starts_with("subtract_mean_image: scale must be"));
    CHECK(says([&] { subtract_mean_image::of(grey.slice(1, 0)); })
          == "subtract_mean_image: the data set has 0 samples, at least 1 is needed");
}
