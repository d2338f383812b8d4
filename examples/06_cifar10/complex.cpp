#include "variants.hpp"

using namespace strata;

void train_complex(example& run, double average) {
    const glorot_uniform even; // TensorFlow's default
    // clang-format off
    network net{input<32, 32, 3>{},
                conv2d<conv{.filters = 32, .kernel = 7}>{even}, relu{},
                batch_norm<>{.momentum = 0.9997f, .average = running_average::zero_debiased},
                max_pool2d<>{},
                flatten{},
                dense<1024>{even}, relu{},
                dense<10>{even}};
    // clang-format on
    // TensorFlow 1's RMSprop
    const rmsprop rule{.learning_rate = 1e-3,
                       .decay = 0.9,
                       .epsilon = 1e-10,
                       .epsilon_inside_root = true,
                       .initial_square = 1};
    train(run, net, softmax_cross_entropy{}, rule, 1, average);
}
