#include <strata/layers/elu.hpp>

#include <cmath>
#include <vector>

#include "support/activations.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;
using testing::applied;
using testing::slopes;

TEST_CASE("elu obeys the laws of a layer") {
    testing::layer_laws<1, 1, 9>(elu{}, {.batch = 5});
    testing::layer_laws<3, 2, 5>(elu{.alpha = 0.5f}, {.gradients = {.low = -4, .high = 2}});
}

TEST_CASE("elu is x above 0 and alpha (exp(x) - 1) below") {
    const auto y = applied<double>(elu{.alpha = 2}, {-1, 0, 1.5, -1e-12});
    CHECK(y[0] == Approx(2 * (std::exp(-1.0) - 1)).epsilon(1e-14));
    CHECK(y[1] == 0);
    CHECK(y[2] == 1.5);
    CHECK(y[3] == Approx(-2e-12).epsilon(1e-9)); // exp(x) - 1 would lose every digit
    const auto slope = slopes<double>(elu{.alpha = 2}, {-1, 0, 1.5});
    CHECK(slope[0] == Approx(2 * std::exp(-1.0)).epsilon(1e-14));
    CHECK(slope[1] == 2);
    CHECK(slope[2] == 1);
}

TEST_CASE("elu saturates at -alpha") {
    CHECK(applied<float>(elu{.alpha = 1.5f}, {-1e4f, 1e4f}) == std::vector<float>{-1.5f, 1e4f});
    CHECK(slopes<float>(elu{.alpha = 1.5f}, {-1e4f, 1e4f}) == std::vector<float>{0, 1});
    CHECK(applied<double>(elu{}, {-1e4, 1e4}) == std::vector<double>{-1, 1e4});
    CHECK(std::isnan(applied<float>(elu{}, {NAN})[0]));
}
