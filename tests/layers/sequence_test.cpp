#include <strata/layers/average_pool2d.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/elu.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/identity.hpp>
#include <strata/layers/leaky_relu.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/layers/sigmoid.hpp>
#include <strata/layers/softmax.hpp>
#include <strata/layers/tanh.hpp>

#include <array>
#include <string>
#include <vector>

#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;
using testing::apart;

namespace {

constexpr dropout half{.rate = 0.5f};
using row = input_of<double, 6>;
using image = input_of<double, 4, 5, 2>;

} // namespace

TEST_CASE("a sequence of image layers equals its layers kept apart") {
    constexpr conv three{.filters = 3, .kernel = 3, .padding = same};
    testing::check_apart("convolutions", image{}, conv2d<three>{}, batch_norm{}, relu{},
                         max_pool2d<pool{.size = 2}>{}, half, flatten{}, dense<4>{}, batch_norm{}, relu{},
                         half, dense<2>{});
    testing::check_apart("flatten first", image{}, flatten{}, relu{}, dense<5>{}, half, identity{});
    testing::check_apart("in place around a convolution", image{}, half, relu{}, conv2d<three>{}, half,
                         identity{}, sigmoid{}, softmax{}, flatten{});
}

TEST_CASE("sequences in sequences equal their layers kept apart") {
    const dense<5> five{};
    network nested{row{},
                   sequence{five, relu{}},
                   sequence{half, sequence{sequence{five}, sigmoid{}}, identity{}},
                   half,
                   sequence{flatten{}, relu{}},
                   sequence{identity{}},
                   sequence{half}};
    network separate{row{},
                     sequence{apart<dense<5>>{}, apart<relu>{}},
                     sequence{apart<dropout>{half}, sequence{sequence{apart<dense<5>>{}}, apart<sigmoid>{}},
                              apart<identity>{}},
                     apart<dropout>{half},
                     sequence{apart<flatten>{}, apart<relu>{}},
                     sequence{apart<identity>{}},
                     sequence{apart<dropout>{half}}};
    testing::running<decltype(nested)> a(nested);
    testing::running<decltype(separate)> b(separate);
    testing::detail::check_same({a, b}, "nested");
}

TEST_CASE("an activation's slope applied by the layer above equals its own backward pass") {
    constexpr conv three{.filters = 3, .kernel = 3, .padding = same};
    const dense<4> four{};
    const auto step = conv2d<conv{.filters = 3, .kernel = 2, .stride = 2}>{};
    testing::check_apart("dense", row{}, dense<5>{}, sigmoid{}, four, strata::tanh{}, dense<2>{});
    testing::check_apart("convolutions", image{}, conv2d<three>{}, relu{}, conv2d<three>{}, leaky_relu{},
                         step, elu{}, conv2d<conv{.filters = 2, .kernel = 1}>{});
    testing::check_apart("through views", image{}, step, relu{}, flatten{}, identity{}, four);
    testing::check_apart("behind batch norm", image{}, conv2d<three>{}, batch_norm{}, relu{}, conv2d<three>{},
                         batch_norm{}, strata::tanh{}, batch_norm{}, elu{}, max_pool2d<pool{.size = 2}>{});
    testing::check_apart("in front of pooling and dropout", image{}, conv2d<three>{}, elu{},
                         max_pool2d<pool{.size = 2}>{}, sigmoid{}, half, strata::tanh{},
                         average_pool2d<pool{.size = 2}>{}, relu{}, half, flatten{}, four);
    constexpr dropout third{.rate = 0.3f};
    testing::check_apart("in front of dropout", row{}, four, relu{}, third, four, strata::tanh{}, third, four,
                         leaky_relu{}, flatten{}, third, four, sigmoid{}, dropout{.rate = 0.7f}, dense<2>{});
    testing::check_apart("an activation first", image{}, sigmoid{}, conv2d<three>{}, relu{}, flatten{}, four);
    testing::check_apart("a view and an activation first", image{}, flatten{}, sigmoid{}, identity{}, four);
    testing::check_apart("an activation in front of gelu", row{}, four, relu{}, gelu{}, four);

    using dropped = network<input<8>, dense<5>, relu, dropout, dense<5>, sigmoid, dropout, dense<2>>;
    constexpr auto& places =
        dropped::layers_type::training.activation; // dropout overwrites what has a sign left
    static_assert(places[2] == places[3] && places[5] != places[6]);
    using net = network<input<8, 8, 3>, conv2d<three>, relu, flatten, dense<5>, relu, dense<2>>;
    constexpr auto& plan = net::layers_type::training;
    static_assert(plan.folded == std::array{false, true, true, false, true, false});
    static_assert(plan.below == std::array{-1, -1, -1, 1, -1, 4});
}

TEST_CASE("slopes are applied across the edges of sequences and residual blocks") {
    const dense<5> five{};
    const auto check = [](const std::string& which, auto planned, auto separate) {
        testing::running<decltype(planned)> a(planned);
        testing::running<decltype(separate)> b(separate);
        testing::detail::check_same({a, b}, which);
    };
    const apart<dense<5>> five_apart{};
    const apart<relu> relu_apart{};
    const apart<sigmoid> sigmoid_apart{};
    check("into a sequence", network{row{}, five, sigmoid{}, sequence{flatten{}, five, relu{}, five}},
          network{row{}, five_apart, sigmoid_apart,
                  sequence{apart<flatten>{}, five_apart, relu_apart, five_apart}});
    check("into a sequence in a sequence", network{row{}, relu{}, sequence{sequence{five}, relu{}}, five},
          network{row{}, relu_apart, sequence{sequence{five_apart}, relu_apart}, five_apart});
    check("a sequence that begins with an activation",
          network{row{}, sigmoid{}, sequence{strata::tanh{}, five}},
          network{row{}, sigmoid_apart, sequence{apart<strata::tanh>{}, five_apart}});
    check("residual blocks",
          network{row{}, five, sigmoid{}, residual{sequence{five, relu{}, five}}, relu{},
                  residual{sequence{five, sigmoid{}}, sequence{five, relu{}}}, strata::tanh{}, five},
          network{row{}, five_apart, sigmoid_apart, residual{sequence{five_apart, relu_apart, five_apart}},
                  relu_apart, residual{sequence{five_apart, sigmoid_apart}, sequence{five_apart, relu_apart}},
                  apart<strata::tanh>{}, five_apart});

    using net = network<row, dense<5>, relu, sequence<dense<5>, relu>, sequence<relu, dense<5>>>;
    static_assert(net::layers_type::training.below == std::array{-1, -1, 1, -1});
    using blocks = network<row, dense<5>, relu, residual<dense<5>>, relu, dense<5>>;
    static_assert(blocks::layers_type::training.fused == std::array{true, false, true, false, false});
    static_assert(blocks::layers_type::training.below == std::array{-1, -1, 1, -1, 3});
}

TEST_CASE("a sequence obeys the laws of a layer") {
    testing::layer_laws<1, 1, 5>(sequence{dense<4>{}});
    testing::layer_laws<1, 1, 5>(sequence{sequence{relu{}, dense<4>{}}, sequence{strata::tanh{}}});
    testing::layer_laws<1, 2, 3>(sequence{flatten{}, identity{}});
}

TEST_CASE(
    "layers in front of the first that is trained do not run backward where no input gradient is wanted") {
    network net{row{}, relu{}, half, sequence{identity{}, gelu{}}, dense<9>{}, relu{}};
    testing::check_gradients(net, {.check_input = false});
}

TEST_CASE("a sequence knows its shapes, parameters and work") {
    using block = sequence<conv2d<conv{.filters = 3, .kernel = 3}>, relu, flatten, dense<4>>;
    static_assert(block::output({5, 5, 2}) == shape{1, 1, 4});
    using bound_block = block::layer<shape{5, 5, 2}, float>;
    static_assert(bound_block::shapes[1] == shape{3, 3, 3});
    static_assert(bound_block::multiply_adds == 9 * 9 * 2 * 3 + 27 * 4);
    static_assert(bound_block::child_names[3] == "3");
    SUCCEED();
}
