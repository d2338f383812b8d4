#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/scale.hpp>

#include <vector>

#include "support/activations.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;
using testing::applied;
using testing::slopes;

TEST_CASE("scale obeys the laws of a layer") {
    testing::layer_laws<1, 1, 9>(scale{0.125f}, {.batch = 5});
    testing::layer_laws<3, 2, 5>(scale{.factor = -3});
}

TEST_CASE("scale multiplies") {
    CHECK(applied<double>(scale{0.25f}, {-8, 0, 0.5, 3}) == std::vector<double>{-2, 0, 0.125, 0.75});
    CHECK(slopes<double>(scale{0.25f}, {-8, 0, 3}) == std::vector<double>{0.25, 0.25, 0.25});
    CHECK(slopes<double>(scale{-2}, {-8, 0, 3}) == std::vector<double>{-2, -2, -2});
}

TEST_CASE("scale is computed by its neighbours") {
    using image = input_of<double, 5, 4, 2>;
    constexpr conv three{.filters = 3, .padding = same};
    testing::check_apart("last", image{}, flatten{}, dense<7>{}, relu{}, dense<3>{}, scale{0.125f});
    testing::check_apart("first", image{}, scale{-2}, conv2d<three>{}, relu{});
    testing::check_apart("between", image{}, conv2d<three>{}, scale{-2}, conv2d<three>{}, scale{3}, relu{},
                         scale{0.5f}, max_pool2d<>{}, scale{0.25f}, dropout{.rate = 0.5f}, flatten{},
                         dense<3>{});
}
