#include <strata/layers/conv2d.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/tanh.hpp>

#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("conv2d obeys the laws of a layer") {
    testing::layer_laws<5, 7, 3>(conv2d<conv{.filters = 4}>{});
    testing::layer_laws<6, 5, 2>(
        conv2d<conv{.filters = 3, .kernel = {2, 3}, .stride = 2, .padding = same}>{});
    testing::layer_laws<7, 6, 1>(conv2d<conv{.filters = 2, .kernel = 3, .stride = {1, 3}, .padding = 1}>{});
}

TEST_CASE(
    "conv2d obeys the laws with dilation, padding per side, 1x1, and the kernel as large as the image") {
    testing::layer_laws<7, 8, 2>(conv2d<conv{.filters = 3, .dilation = {2, 1}, .padding = {2, 0, 1, 3}}>{});
    testing::layer_laws<4, 3, 5>(conv2d<conv{.filters = 2, .kernel = 1}>{});
    testing::layer_laws<4, 3, 2>(conv2d<conv{.filters = 5, .kernel = {4, 3}, .bias = false}>{});
    testing::layer_laws<7, 5, 1>(conv2d<conv{.filters = 9}>{}); // few channels, many filters
}

TEST_CASE("conv2d of 1x1 and of few channels computes what its neighbours leave to it") {
    static constexpr conv one{.filters = 20, .kernel = 1}, two{.filters = 2, .kernel = 1}, nine{.filters = 9};
    testing::check_apart("1x1", input_of<double, 5, 3, 7>{}, conv2d<one>{}, relu{}, conv2d<two>{}, relu{},
                         conv2d<nine>{}, strata::tanh{}, conv2d<one>{});
}

TEST_CASE("conv2d shapes are known at compile time") {
    STATIC_REQUIRE(conv2d<conv{.filters = 32, .kernel = 5}>::output({28, 28, 1}) == shape{24, 24, 32});
    STATIC_REQUIRE(conv2d<conv{.filters = 12, .kernel = 5, .stride = 2, .padding = same}>::output({28, 28, 6})
                   == shape{14, 14, 12});
    STATIC_REQUIRE(conv2d<conv{.filters = 2, .kernel = {3, 1}, .dilation = 2}>::output({7, 6, 4})
                   == shape{3, 6, 2});
    STATIC_REQUIRE(conv2d<conv{.filters = 2, .padding = {1, 0, 2, 1}}>::output({4, 4, 1}) == shape{3, 5, 2});
    STATIC_REQUIRE_FALSE(conv2d<conv{.filters = 2, .kernel = 5}>::output({4, 9, 1}).is_valid());
    STATIC_REQUIRE_FALSE(conv2d<conv{.filters = 2, .stride = 0}>::output({4, 9, 1}).is_valid());
}

TEST_CASE("conv2d multiplies the patch under its kernel, unflipped") {
    network net{input_of<double, 3, 3, 1>{}, conv2d<conv{.filters = 1, .kernel = 2}>{}};
    static_assert(decltype(net)::parameter_count == 5);
    static_assert(decltype(net)::multiply_adds == 16);
    net.layer<0>().weight.value = tensor<double, 4>{{{{1}}, {{10}}}, {{{100}}, {{1000}}}};
    net.layer<0>().bias.value = tensor<double, 1>{0.5};
    const auto y = net.predict(tensor<double, 2>{{1, 2, 3, 4, 5, 6, 7, 8, 9}});
    CHECK(y == tensor<double, 4>{{{{5421.5}, {6532.5}}, {{8754.5}, {9865.5}}}});
}

TEST_CASE("conv2d tells the initialisers how many connections a unit has") {
    using layer = conv2d<conv{.filters = 8, .kernel = {3, 5}}>::layer<shape{9, 9, 2}, float>;
    constexpr auto weight = std::get<0>(layer::parameters);
    STATIC_REQUIRE(weight.fan.in == 30);
    STATIC_REQUIRE(weight.fan.out == 120);
    STATIC_REQUIRE(weight.sizes == extents(3, 5, 2, 8));
}

TEST_CASE("conv2d without a bias has weights only") {
    network net{input<4, 4, 3>{}, conv2d<conv{.filters = 2, .bias = false}>{}};
    static_assert(decltype(net)::parameter_count == 54);
    CHECK(net.parameter_table.size() == 1);
}
