#include "variants.hpp"

using namespace strata;

void train_simple(example& run, double average) {
    const glorot_uniform even; // TensorFlow's default
    // clang-format off
    network net{input<32, 32, 3>{},
                conv2d<conv{.filters = 32, .kernel = 7, .stride = 2}>{even}, relu{},
                flatten{},
                dense<10>{even}};
    // clang-format on
    train(run, net, hinge{}, adam{.learning_rate = 5e-4}, 1, average);
}
