#include <strata/layers/leaky_relu.hpp>

#include <cmath>
#include <vector>

#include "support/activations.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;
using testing::applied;
using testing::slopes;

TEST_CASE("leaky_relu obeys the laws of a layer") {
    testing::layer_laws<1, 1, 9>(leaky_relu{}, {.batch = 5});
    testing::layer_laws<3, 2, 5>(leaky_relu{.negative_slope = 0.25f});
}

TEST_CASE("leaky_relu keeps a part of what is negative") {
    CHECK(applied<double>(leaky_relu{.negative_slope = 0.25f}, {-8, -0.5, 0, 0.5, 3})
          == std::vector<double>{-2, -0.125, 0, 0.5, 3});
    CHECK(slopes<double>(leaky_relu{.negative_slope = 0.25f}, {-8, -0.5, 0, 0.5, 3})
          == std::vector<double>{0.25, 0.25, 0.25, 1, 1});
    CHECK(applied<float>(leaky_relu{}, {-100})[0] == Approx(-1));
    CHECK(std::isnan(applied<float>(leaky_relu{}, {NAN})[0]));
}
