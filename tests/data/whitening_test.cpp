#include <strata/core/error.hpp>
#include <strata/core/random.hpp>
#include <strata/data/dataset.hpp>
#include <strata/data/whitening.hpp>

#include <cstddef>
#include <vector>

#include "support/catch.hpp"

using namespace strata;
using Catch::Matchers::Contains;

namespace {

/// Images whose pixels and channels depend on each other.
data::dataset<float> images(std::size_t count, std::size_t height, std::size_t width, std::size_t channels) {
    auto x = tensor<float, 4>::from_shape({count, height, width, channels});
    auto y = tensor<std::uint8_t, 1>::from_shape({count});
    y.fill(0);
    const random_source random{7};
    double last = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        last = 0.7 * last + random.uniform(i) + 2;
        x.data()[i] = static_cast<float>(last);
    }
    return {std::move(x), std::move(y)};
}

} // namespace

TEST_CASE("eigenvalues and eigenvectors of a symmetric matrix") {
    const std::size_t n = 7;
    const random_source random{3};
    std::vector<double> a(n * n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = random.uniform(i * n + j) - 0.5;
    const detail::symmetric_eigen found(a, n);
    for (std::size_t e = 0; e < n; ++e)
        for (std::size_t i = 0; i < n; ++i) {
            double product = 0, dot = 0;
            for (std::size_t j = 0; j < n; ++j) {
                product += a[i * n + j] * found.vectors[e * n + j];
                dot += found.vectors[i * n + j] * found.vectors[e * n + j];
            }
            CHECK(product == Approx(found.values[e] * found.vectors[e * n + i]).margin(1e-12));
            CHECK(dot == Approx(i == e ? 1 : 0).margin(1e-12));
        }
}

TEST_CASE("what whitening filters make of a data set has variance 1 and no correlation") {
    const auto set = images(40, 6, 5, 3);
    const auto filters = whitening_filters<double>(set, {2, 3}, 1e-12);
    const std::size_t n = 2 * 3 * 3;
    REQUIRE(filters.shape() == std::array<std::size_t, 4>{2, 3, 3, 2 * n});
    std::vector<double> sum(2 * n), products(4 * n * n);
    double count = 0;
    for (strata::index i = 0; i < set.size(); ++i)
        for (std::size_t row = 0; row + 2 <= 6; ++row)
            for (std::size_t column = 0; column + 3 <= 5; ++column, ++count) {
                std::vector<double> out(2 * n);
                for (std::size_t y = 0; y < 2; ++y)
                    for (std::size_t x = 0; x < 3; ++x)
                        for (std::size_t c = 0; c < 3; ++c)
                            for (std::size_t f = 0; f < 2 * n; ++f)
                                out[f] += filters(y, x, c, f)
                                          * static_cast<double>(
                                              set.samples(i)[((row + y) * 5 + column + x) * 3 + c]);
                for (std::size_t f = 0; f < 2 * n; ++f) {
                    sum[f] += out[f];
                    for (std::size_t g = 0; g < 2 * n; ++g) products[f * 2 * n + g] += out[f] * out[g];
                }
            }
    for (std::size_t f = 0; f < 2 * n; ++f)
        for (std::size_t g = 0; g < 2 * n; ++g) {
            const double covariance = (products[f * 2 * n + g] - sum[f] * sum[g] / count) / count;
            CHECK(covariance == Approx(f % n != g % n ? 0 : f == g ? 1 : -1).margin(1e-6));
        }
}

TEST_CASE("epsilon keeps components of little variance small, the largest come first") {
    const auto set = images(20, 4, 4, 2);
    const auto sharp = whitening_filters<double>(set, {2, 2}, 1e-12),
               soft = whitening_filters<double>(set, {2, 2}, 1);
    double before = 0;
    for (std::size_t f = 0; f < 8; ++f) {
        double norm = 0, smaller = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            norm += sharp.data()[i * 16 + f] * sharp.data()[i * 16 + f];
            smaller += soft.data()[i * 16 + f] * soft.data()[i * 16 + f];
        }
        CHECK(norm >= before * (1 - 1e-9)); // 1 / variance
        CHECK(smaller == Approx(1 / (1 / norm + 1)).epsilon(1e-6));
        before = norm;
    }
}

TEST_CASE("whitening filters say what is wrong") {
    const auto set = images(3, 4, 5, 1);
    CHECK_THROWS_WITH(whitening_filters(set, {5, 2}), Contains("windows of 5x2 in samples of 4x5"));
    CHECK_THROWS_WITH(whitening_filters(set, {0, 2}), Contains("windows of 0x2"));
    CHECK_THROWS_WITH(whitening_filters(set, {2, 2}, 0), Contains("epsilon must be above 0, got 0"));
    CHECK_THROWS_WITH(whitening_filters(set.slice(0, 0), {2, 2}), Contains("0 samples, at least 1"));
}
