#include "ideas.hpp"

using namespace strata;

namespace {

/// Two convolutions whose result is added to what goes into them.
template <strata::index Filters> auto residual_block() {
    return residual{sequence{convolution<Filters>, relu{}, convolution<Filters>}};
}

/// What goes in and, behind it, as many channels of a convolution of it as `Growth` says.
template <strata::index Growth> auto dense_block() {
    return concatenate{identity{}, sequence{convolution<Growth>, relu{}}};
}

} // namespace

std::vector<idea> connections() {
    return {
        {"residual", "the same convolutions, every two added to what goes into them",
         [](const experiment& e) {
             return e.run(
                 with_dense_layers(convolution<16>, relu{}, max_pool2d<>{}, residual_block<16>(), relu{}, //
                                   convolution<32>, relu{}, max_pool2d<>{}, residual_block<32>(), relu{}));
         }},
        {"dense_connections", "behind each pooling two convolutions of 8 filters, each beside its input",
         [](const experiment& e) {
             return e.run(with_dense_layers(
                 convolution<16>, relu{}, max_pool2d<>{}, dense_block<8>(), dense_block<8>(), //
                 convolution<32>, relu{}, max_pool2d<>{}, dense_block<8>(), dense_block<8>()));
         }},
    };
}
