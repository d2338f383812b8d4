#include "ideas.hpp"

using namespace strata;

std::vector<idea> filters() {
    return {
        {"baseline", "3x3 convolutions with 16 and 32 filters, each with relu and pooling",
         [](const experiment& e) { return e.run(baseline()); }},
        {"filters_5x5", "5x5 filters instead of 3x3",
         [](const experiment& e) {
             return e.run(with_dense_layers(convolution<16, 5>, relu{}, max_pool2d<>{}, //
                                            convolution<32, 5>, relu{}, max_pool2d<>{}));
         }},
        {"half_the_filters", "8 and 16 filters instead of 16 and 32",
         [](const experiment& e) {
             return e.run(with_dense_layers(convolution<8>, relu{}, max_pool2d<>{}, //
                                            convolution<16>, relu{}, max_pool2d<>{}));
         }},
        {"twice_the_filters", "32 and 64 filters instead of 16 and 32",
         [](const experiment& e) {
             return e.run(with_dense_layers(convolution<32>, relu{}, max_pool2d<>{}, //
                                            convolution<64>, relu{}, max_pool2d<>{}));
         }},
    };
}
