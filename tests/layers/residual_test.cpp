#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/layers/sigmoid.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("residual obeys the laws of a layer") {
    constexpr conv project{.filters = 3, .kernel = 1, .stride = 2};
    constexpr conv shrink{.filters = 3, .kernel = 3, .stride = 2, .padding = same};
    testing::layer_laws<1, 1, 5>(residual{dense<5>{}}); // branch of one layer
    testing::layer_laws<1, 1, 5>(
        residual{sequence{dense<9>{}, relu{}, dense<5>{}, sigmoid{}}}); // ends in activation
    testing::layer_laws<5, 3, 2>(residual{sequence{conv2d<shrink>{}, relu{}}, conv2d<project>{}});
}

TEST_CASE("residual with parameters in one branch only, or in none") {
    testing::layer_laws<1, 1, 4>(residual{gelu{}, dense<4>{}});
    testing::layer_laws<1, 1, 4>(residual{relu{}});
    testing::layer_laws<1, 1, 4>(residual{sigmoid{}, sequence{gelu{}, relu{}}});
}

TEST_CASE("residual in residual") {
    testing::layer_laws<1, 1, 4>(
        residual{sequence{residual{sequence{dense<4>{}, relu{}}}, dense<4>{}, relu{}}},
        {.gradients = {.seed = 3}});
}

TEST_CASE("residual adds its branches") {
    network net{input_of<double, 2>{}, residual{dense<2>{}}, residual{dense<3>{}, dense<3, no_bias>{}}};
    static_assert(decltype(net)::parameter_count == 6 + 9 + 6);
    static_assert(decltype(net)::multiply_adds == 4 + 6 + 6);
    net.layer<0>().branch.weight.value = tensor<double, 2>{{1, 2}, {3, 4}};
    net.layer<0>().branch.bias.value = tensor<double, 1>{10, 20};
    net.layer<1>().branch.weight.value = tensor<double, 2>{{1, 0, 1}, {0, 1, 1}};
    net.layer<1>().branch.bias.value = tensor<double, 1>{0.25, 0.5, 0.75};
    net.layer<1>().shortcut.weight.value = tensor<double, 2>{{1, 0, 0}, {0, 0, -1}};
    // (1, 1) -> (1, 1) + (4 + 10, 6 + 20) = (15, 27) -> (15, 27, 42) + bias + (15, 0, -27)
    const auto y = net.predict(tensor<double, 2>{{1, 1}});
    CHECK(y == tensor<double, 2>{{30.25, 27.5, 15.75}});
}

TEST_CASE("residual names its branches") {
    using net = network<input<4>, dense<4>, residual<sequence<dense<4>, relu, dense<4>>, dense<4>>>;
    std::vector<std::string> names;
    for (const auto& p : net::parameter_table) names.emplace_back(std::string_view(p.name));
    CHECK(names
          == std::vector<std::string>{"0.weight", "0.bias", "1.branch.0.weight", "1.branch.0.bias",
                                      "1.branch.2.weight", "1.branch.2.bias", "1.shortcut.weight",
                                      "1.shortcut.bias"});
}

TEST_CASE("dropout in both branches draws two masks") {
    network net{input_of<double, 200>{}, residual{dropout{.rate = 0.5f}, dropout{.rate = 0.5f}}};
    const std::vector<double> ones(200, 1.0);
    std::vector<double> y(200);
    workspace room;
    net.forward_training(ones.data(), y.data(), 1, room);
    const auto mixed = std::count(y.begin(), y.end(), 2.0); // one alive: 2; both: 4
    CHECK(mixed > 60);
    CHECK(mixed < 140);
}
