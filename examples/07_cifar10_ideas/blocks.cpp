#include "ideas.hpp"

using namespace strata;

std::vector<idea> blocks() {
    return {
        {"conv_relu_pool_x3", "[conv - relu - pool] three times, the third with 64 filters",
         [](const experiment& e) {
             return e.run(with_dense_layers(convolution<16>, relu{}, max_pool2d<>{}, //
                                            convolution<32>, relu{}, max_pool2d<>{}, //
                                            convolution<64>, relu{}, max_pool2d<>{}));
         }},
        {"conv_relu_conv_relu_pool_x2", "[conv - relu - conv - relu - pool] twice",
         [](const experiment& e) {
             return e.run(
                 with_dense_layers(convolution<16>, relu{}, convolution<16>, relu{}, max_pool2d<>{}, //
                                   convolution<32>, relu{}, convolution<32>, relu{}, max_pool2d<>{}));
         }},
        {"two_more_convolutions",
         "two more convolutions behind each pooling, without connections: to compare",
         [](const experiment& e) {
             return e.run(with_dense_layers(
                 convolution<16>, relu{}, max_pool2d<>{}, convolution<16>, relu{}, convolution<16>, relu{}, //
                 convolution<32>, relu{}, max_pool2d<>{}, convolution<32>, relu{}, convolution<32>, relu{}));
         }},
    };
}
