#include "ideas.hpp"

using namespace strata;

std::vector<idea> normalisation() {
    return {
        {"batch_norm", "batch norm between convolution and relu",
         [](const experiment& e) {
             return e.run(with_dense_layers(convolution<16>, batch_norm{}, relu{}, max_pool2d<>{}, //
                                            convolution<32>, batch_norm{}, relu{}, max_pool2d<>{}));
         }},
        {"batchnorm_relu_conv_x3",
         "a convolution, then [batch norm - relu - conv] three times, two of them with stride 2",
         [](const experiment& e) {
             return e.run(with_dense_layers(convolution<16>,                             //
                                            batch_norm{}, relu{}, convolution<16, 3, 2>, //
                                            batch_norm{}, relu{}, convolution<32, 3, 2>, //
                                            batch_norm{}, relu{}, convolution<32>));
         }},
    };
}
