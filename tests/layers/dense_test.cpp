#include <strata/layers/dense.hpp>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("dense obeys the laws of a layer") {
    testing::layer_laws<1, 1, 1>(dense<1>{});
    testing::layer_laws<1, 1, 7>(dense<5>{});
    testing::layer_laws<1, 1, 33>(dense<17>{}, {.batch = 9});
    testing::layer_laws<1, 1, 6>(dense<4, no_bias>{});
}

TEST_CASE("dense multiplies by its weights and adds its bias") {
    network net{input_of<double, 2>{}, dense<3>{}};
    static_assert(decltype(net)::parameter_count == 9);
    static_assert(decltype(net)::multiply_adds == 6);
    net.layer<0>().weight.value = tensor<double, 2>{{1, 2, 3}, {4, 5, 6}};
    net.layer<0>().bias.value = tensor<double, 1>{0.5, 0, -0.5};
    const auto y = net.predict(tensor<double, 2>{{1, 0}, {1, -1}});
    CHECK(y == tensor<double, 2>{{1.5, 2, 2.5}, {-2.5, -3, -3.5}});
}

TEST_CASE("dense without a bias has weights only") {
    network net{input_of<double, 2>{}, dense<3, no_bias>{}};
    static_assert(decltype(net)::parameter_count == 6);
    CHECK(std::string_view(net.parameter_table[0].name) == "0.weight");
    CHECK(net.parameter_table.size() == 1);
}
