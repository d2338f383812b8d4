#include <strata/layers/batch_norm.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/identity.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/layers/sigmoid.hpp>
#include <strata/layers/softmax.hpp>
#include <strata/layers/tanh.hpp>

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
