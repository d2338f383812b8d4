#include <strata/layers/tanh.hpp>

#include <cmath>
#include <vector>

#include "support/activations.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using strata::testing::applied;
using strata::testing::layer_laws;
using strata::testing::slopes;

TEST_CASE("tanh obeys the laws of a layer") {
    layer_laws<1, 1, 9>(strata::tanh{}, {.batch = 5});
    layer_laws<3, 2, 5>(strata::tanh{}, {.gradients = {.low = -3, .high = 3}});
}

TEST_CASE("tanh is the hyperbolic tangent") {
    const auto y = applied<double>(strata::tanh{}, {0, 1, -1});
    CHECK(y[0] == 0);
    CHECK(y[1] == Approx(0.76159415595576488812).epsilon(1e-14));
    CHECK(y[2] == -y[1]);
    const auto slope = slopes<double>(strata::tanh{}, {0, 1});
    CHECK(slope[0] == 1);
    CHECK(slope[1] == Approx(0.41997434161402606940).epsilon(1e-14));
}

TEST_CASE("tanh saturates at -1 and 1") {
    CHECK(applied<float>(strata::tanh{}, {-1e4f, 1e4f}) == std::vector<float>{-1, 1});
    CHECK(slopes<float>(strata::tanh{}, {-1e4f, 1e4f}) == std::vector<float>{0, 0});
    CHECK(applied<double>(strata::tanh{}, {-1e4, 1e4}) == std::vector<double>{-1, 1});
    CHECK(std::isnan(applied<float>(strata::tanh{}, {NAN})[0]));
}
