#include "ideas.hpp"

using namespace strata;

namespace {

/// The baseline with another activation behind its convolutions.
template <class Activation> auto activated_by(Activation activation) {
    return with_dense_layers(convolution<16>, activation, max_pool2d<>{}, //
                             convolution<32>, activation, max_pool2d<>{});
}

} // namespace

std::vector<idea> activations() {
    return {
        {"leaky_relu", "leaky relu behind the convolutions",
         [](const experiment& e) { return e.run(activated_by(leaky_relu{.negative_slope = 0.1f})); }},
        {"parametric_relu", "relu with a slope that every channel learns",
         [](const experiment& e) { return e.run(activated_by(prelu{})); }},
        {"elu", "elu behind the convolutions",
         [](const experiment& e) { return e.run(activated_by(elu{})); }},
        {"maxout", "twice the filters, the larger of every two",
         [](const experiment& e) {
             return e.run(with_dense_layers(convolution<32>, maxout<2>{}, max_pool2d<>{}, //
                                            convolution<64>, maxout<2>{}, max_pool2d<>{}));
         }},
    };
}
