#include <strata/layers/gelu.hpp>

#include <cmath>
#include <vector>

#include "support/activations.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;
using testing::applied;
using testing::slopes;

TEST_CASE("gelu obeys the laws of a layer") {
    testing::layer_laws<1, 1, 9>(gelu{}, {.batch = 5});
    testing::layer_laws<3, 2, 5>(gelu{}, {.gradients = {.low = -4, .high = 4}});
}

TEST_CASE("gelu is x times the normal distribution function") {
    const auto y = applied<double>(gelu{}, {0, 1, -1, 2});
    CHECK(y[0] == 0);
    CHECK(y[1] == Approx(0.84134474606854294859).epsilon(1e-14)); // Phi(1)
    CHECK(y[2] == Approx(-0.15865525393145705141).epsilon(1e-14));
    CHECK(y[3] == Approx(2 * 0.97724986805182079280).epsilon(1e-14));
    const auto slope = slopes<double>(gelu{}, {0, 1});
    CHECK(slope[0] == 0.5);
    CHECK(slope[1] == Approx(0.84134474606854294859 + 0.24197072451914334980).epsilon(1e-14));
}

TEST_CASE("gelu far from 0 is 0 or x") {
    CHECK(applied<float>(gelu{}, {-1e4f, 1e4f}) == std::vector<float>{0, 1e4f});
    CHECK(slopes<float>(gelu{}, {-1e4f, 1e4f, -1e30f}) == std::vector<float>{0, 1, 0});
    CHECK(applied<double>(gelu{}, {-1e4, 1e4}) == std::vector<double>{0, 1e4});
    CHECK(slopes<double>(gelu{}, {-1e4, 1e4}) == std::vector<double>{0, 1});
    CHECK(std::isnan(applied<float>(gelu{}, {NAN})[0]));
}
