#include <strata/layers/sigmoid.hpp>

#include <cmath>
#include <vector>

#include "support/activations.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;
using testing::applied;
using testing::slopes;

TEST_CASE("sigmoid obeys the laws of a layer") {
    testing::layer_laws<1, 1, 9>(sigmoid{}, {.batch = 5});
    testing::layer_laws<3, 2, 5>(sigmoid{}, {.gradients = {.low = -4, .high = 4}});
}

TEST_CASE("sigmoid is 1 / (1 + exp(-x))") {
    const auto y = applied<double>(sigmoid{}, {0, 1, -1});
    CHECK(y[0] == 0.5);
    CHECK(y[1] == Approx(0.73105857863000487925).epsilon(1e-14));
    CHECK(y[2] == Approx(0.26894142136999512075).epsilon(1e-14));
    const auto slope = slopes<double>(sigmoid{}, {0, 1});
    CHECK(slope[0] == 0.25);
    CHECK(slope[1] == Approx(0.19661193324148185).epsilon(1e-14));
}

TEST_CASE("sigmoid saturates at 0 and 1") {
    CHECK(applied<float>(sigmoid{}, {-1e4f, 1e4f}) == std::vector<float>{0, 1});
    CHECK(slopes<float>(sigmoid{}, {-1e4f, 1e4f}) == std::vector<float>{0, 0});
    CHECK(applied<double>(sigmoid{}, {-1e4, 1e4}) == std::vector<double>{0, 1});
    CHECK(std::isnan(applied<float>(sigmoid{}, {NAN})[0]));
}
