#include <strata/layers/max_pool2d.hpp>

#include <limits>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("max_pool2d obeys the laws of a layer") {
    testing::layer_laws<6, 4, 3>(max_pool2d<>{});
    testing::layer_laws<5, 7, 2>(max_pool2d<pool{.size = 3, .stride = 2, .padding = same}>{});
    testing::layer_laws<7, 6, 1>(max_pool2d<pool{.size = {2, 3}, .stride = 1}>{});
    testing::layer_laws<5, 5, 2>(max_pool2d<pool{.size = 3, .stride = 3, .padding = {2, 0, 1, 2}}>{});
}

TEST_CASE("max_pool2d shapes are known at compile time") {
    STATIC_REQUIRE(max_pool2d<>::output({28, 28, 6}) == shape{14, 14, 6});
    STATIC_REQUIRE(max_pool2d<>::output({7, 5, 6}) == shape{3, 2, 6});
    STATIC_REQUIRE(max_pool2d<pool{.size = 3, .stride = 2, .padding = same}>::output({7, 8, 1})
                   == shape{4, 4, 1});
    STATIC_REQUIRE_FALSE(max_pool2d<pool{.size = 3}>::output({2, 8, 1}).is_valid());
    STATIC_REQUIRE_FALSE(max_pool2d<pool{.size = 0}>::output({2, 8, 1}).is_valid());
}

TEST_CASE("max_pool2d: a tie sends the gradient to the first maximum") {
    network net{input_of<double, 2, 2, 1>{}, max_pool2d<>{}};
    const std::vector<double> x{1, 3, 3, 3}, dy{5};
    std::vector<double> y(1), dx(4);
    workspace room;
    net.forward_training(x.data(), y.data(), 1, room);
    net.backward(x.data(), y.data(), dy.data(), dx.data(), 1, room);
    CHECK(y[0] == 3);
    CHECK(dx == std::vector<double>{0, 5, 0, 0});
}

TEST_CASE("max_pool2d lets a NaN through") {
    network net{input_of<double, 2, 2, 1>{}, max_pool2d<>{}};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto y = net.predict(tensor<double, 2>{{nan, 1, 2, 3}, {1, 2, 3, nan}, {4, 1, 2, 3}});
    CHECK(y(0, 0) != y(0, 0));
    CHECK(y(1, 0) != y(1, 0));
    CHECK(y(2, 0) == 4);
}
