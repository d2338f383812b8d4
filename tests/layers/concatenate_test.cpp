#include <strata/layers/average_pool2d.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/concatenate.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/global_average_pool.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/layers/sigmoid.hpp>
#include <strata/layers/softmax.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

namespace {

constexpr conv one{.filters = 3, .kernel = 1};
constexpr conv three{.filters = 5, .kernel = 3, .padding = same};
constexpr pool pool_three{.size = 3, .stride = 1, .padding = same};

} // namespace

TEST_CASE("concatenate obeys the laws of a layer") {
    testing::layer_laws<1, 1, 5>(concatenate{dense<3>{}, dense<4>{}});
    testing::layer_laws<1, 1, 5>(
        concatenate{identity{}, sequence{dense<9>{}, relu{}, dense<2>{}, sigmoid{}}});
    // GoogLeNet's module; its third branch is the largest
    testing::layer_laws<5, 3, 2>(
        concatenate{conv2d<one>{}, sequence{conv2d<one>{}, relu{}, conv2d<three>{}},
                    sequence{max_pool2d<pool_three>{}, conv2d<conv{.filters = 19, .kernel = 1}>{}}});
}

TEST_CASE("concatenate with an identity anywhere, several of them, or nothing else") {
    testing::layer_laws<1, 1, 3>(concatenate{dense<4>{}, identity{}, dense<2>{}, identity{}});
    testing::layer_laws<2, 3, 3>(concatenate{identity{}, identity{}});
    testing::layer_laws<2, 3, 3>(concatenate{identity{}, relu{}, gelu{}});
}

TEST_CASE("concatenate of layers whose backward reads their output, or whose input is not read") {
    testing::layer_laws<1, 1, 4>(concatenate{softmax{}, sigmoid{}, dense<3>{}});
    testing::layer_laws<5, 4, 3>(concatenate{average_pool2d<>{}, max_pool2d<>{},
                                             conv2d<conv{.filters = 2, .kernel = 2, .stride = 2}>{}});
}

TEST_CASE("concatenate in concatenate, and beside residual") {
    testing::layer_laws<1, 1, 4>(
        concatenate{identity{}, sequence{concatenate{identity{}, dense<3>{}}, gelu{}, dense<2>{}}});
    testing::layer_laws<1, 1, 4>(concatenate{residual{dense<4>{}}, dense<2>{}});
    testing::layer_laws<1, 1, 4>(residual{sequence{concatenate{dense<2>{}, identity{}}, gelu{}, dense<4>{}}});
}

TEST_CASE("concatenate joins along the channels, pixel by pixel") {
    network net{input_of<double, 1, 2, 2>{},
                concatenate{conv2d<conv{.filters = 1, .kernel = 1}>{}, identity{}}};
    STATIC_REQUIRE(decltype(net)::output_shape == shape{1, 2, 3});
    STATIC_REQUIRE(decltype(net)::multiply_adds == 2 * 2);
    auto& branch = net.layer<0>().get<0>();
    branch.weight.value.fill(10);
    branch.bias.value.fill(1);
    const std::vector<double> x{1, 2, 3, 4}, dy{1, 2, 3, 4, 5, 6};
    std::vector<double> y(6), dx(4);
    workspace room;
    net.forward_training(x.data(), y.data(), 1, room);
    net.backward(x.data(), y.data(), dy.data(), dx.data(), 1, room);
    CHECK(y == std::vector<double>{31, 1, 2, 71, 3, 4});
    CHECK(dx == std::vector<double>{10 + 2, 10 + 3, 40 + 5, 40 + 6});
    CHECK(branch.weight.gradient(0, 0, 1, 0) == 1 * 2 + 4 * 4);
}

TEST_CASE("concatenate numbers its branches") {
    using net =
        network<input<4>, concatenate<sequence<dense<4>, relu, dense<4>>, identity, dense<4, no_bias>>>;
    std::vector<std::string> names;
    for (const auto& p : net::parameter_table) names.emplace_back(std::string_view(p.name));
    CHECK(names
          == std::vector<std::string>{"0.0.0.weight", "0.0.0.bias", "0.0.2.weight", "0.0.2.bias",
                                      "0.2.weight"});
}

TEST_CASE("concatenate: dropout draws a mask for every branch") {
    network net{input_of<double, 200>{}, concatenate{dropout{.rate = 0.5f}, dropout{.rate = 0.5f}}};
    const std::vector<double> ones(200, 1.0);
    std::vector<double> y(400);
    workspace room;
    net.forward_training(ones.data(), y.data(), 1, room);
    strata::index same_fate = 0;
    for (std::size_t i = 0; i < 200; ++i) same_fate += y[i] == y[200 + i];
    CHECK(same_fate > 60);
    CHECK(same_fate < 140);
}

TEST_CASE("concatenate among other layers: the activation in front, the one behind, buffers in between") {
    using image = input_of<double, 6, 5, 2>;
    const auto dense_block = [] {
        return concatenate{identity{}, sequence{batch_norm<>{}, relu{}, conv2d<three>{}}};
    };
    testing::check_apart("DenseNet", image{}, conv2d<three>{}, dense_block(), dense_block(), batch_norm<>{},
                         relu{}, conv2d<one>{}, average_pool2d<>{}, dense_block(), global_average_pool{},
                         dense<3>{});
    testing::check_apart("GoogLeNet", image{}, conv2d<three>{}, relu{},
                         concatenate{conv2d<one>{}, sequence{conv2d<one>{}, relu{}, conv2d<three>{}}}, relu{},
                         max_pool2d<>{},
                         concatenate{conv2d<three>{}, sequence{relu{}, conv2d<one>{}}, identity{}}, sigmoid{},
                         concatenate{identity{}, relu{}, dropout{.rate = 0.5f}}, flatten{}, dense<3>{});
    network net{image{},
                conv2d<three>{},
                gelu{},
                dense_block(),
                dense_block(),
                relu{},
                concatenate{conv2d<one>{}, conv2d<three>{}},
                sigmoid{},
                flatten{},
                dense<3>{}};
    testing::check_gradients(net, {.batch = 3});
}
