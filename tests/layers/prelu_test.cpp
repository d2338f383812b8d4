#include <strata/layers/batch_norm.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/prelu.hpp>
#include <strata/layers/relu.hpp>

#include <cmath>
#include <vector>

#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("prelu obeys the laws of a layer") {
    testing::layer_laws<1, 1, 9>(prelu<>{}, {.batch = 5});
    testing::layer_laws<3, 5, 3>(prelu<>{});
    testing::layer_laws<2, 3, 35>(prelu<>{});
    testing::layer_laws<23, 17, 5>(prelu<>{}, {.batch = 11}); // several chunks
}

TEST_CASE("prelu with one slope for all channels obeys the laws of a layer") {
    testing::layer_laws<1, 1, 9>(prelu<shared_slope>{}, {.batch = 5});
    testing::layer_laws<3, 5, 3>(prelu<shared_slope>{});
    testing::layer_laws<23, 17, 5>(prelu<shared_slope>{}, {.batch = 11});
}

TEST_CASE("prelu begins with slopes of 0.25, one a channel, which are not regularised") {
    network net{input_of<double, 1, 2, 3>{}, prelu<>{}, prelu<shared_slope>{.slope_init = constant{0.5f}}};
    STATIC_REQUIRE(decltype(net)::parameter_count == 3 + 1);
    for (const double s : net.layer<0>().slope.value) CHECK(s == 0.25);
    CHECK(net.layer<1>().slope.value(0) == 0.5);
    for (const auto& p : decltype(net)::parameter_table) CHECK(p.kind != kind::weight);
    CHECK(net.predict(tensor<double, 2>{{-8, 0, 8, -16, 1, NAN}})(0, 0, 0, 0) == -1);
}

TEST_CASE("prelu with slopes that became negative, or larger than 1") {
    network net{input_of<double, 1, 2, 3>{}, prelu<>{}};
    net.layer<0>().slope.value = tensor<double, 1>{-0.5, 2, 0};
    const std::vector<double> x{-2, -2, -2, 3, 0, -4}, dy{1, 2, 3, 4, 5, 6};
    std::vector<double> y(6), dx(6);
    workspace room;
    net.forward_training(x.data(), y.data(), 1, room);
    net.backward(x.data(), y.data(), dy.data(), dx.data(), 1, room);
    CHECK(y == std::vector<double>{1, -4, 0, 3, 0, 0});
    CHECK(dx == std::vector<double>{-0.5, 4, 0, 4, 10, 0});
    CHECK((net.layer<0>().slope.gradient == tensor<double, 1>{-2, -4, -6 - 24}));
}

TEST_CASE("prelu among other layers") {
    constexpr conv five{.filters = 5, .padding = same};
    using image = input_of<double, 6, 5, 2>;
    testing::check_apart("convolutions", image{}, conv2d<five>{}, prelu<>{}, conv2d<five>{}, batch_norm<>{},
                         prelu<>{}, relu{}, prelu<shared_slope>{}, max_pool2d<>{}, flatten{}, prelu<>{},
                         dense<4>{}, prelu<>{});
    network net{image{},   conv2d<five>{}, prelu<>{}, max_pool2d<>{}, prelu<shared_slope>{},
                flatten{}, dense<6>{}};
    testing::check_gradients(net, {.batch = 3});
}
