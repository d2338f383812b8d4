#include "ideas.hpp"

using namespace strata;

std::vector<idea> pooling() {
    return {
        {"strided_convolution", "convolutions with stride 2 instead of pooling",
         [](const experiment& e) {
             return e.run(with_dense_layers(convolution<16, 3, 2>, relu{}, convolution<32, 3, 2>, relu{}));
         }},
        {"average_pooling", "the mean of 2x2 pixels instead of the maximum",
         [](const experiment& e) {
             return e.run(with_dense_layers(convolution<16>, relu{}, average_pool2d<>{}, //
                                            convolution<32>, relu{}, average_pool2d<>{}));
         }},
        {"global_average_pooling", "the mean of all pixels and one dense layer instead of two",
         [](const experiment& e) {
             return e.run(network{input<32, 32, 3>{},                      //
                                  convolution<16>, relu{}, max_pool2d<>{}, //
                                  convolution<32>, relu{}, max_pool2d<>{}, //
                                  global_average_pool{}, dense<10>{}});
         }},
    };
}
