#include "variants.hpp"

using namespace strata;

void train_convnet(example& run, double average) {
    const glorot_uniform even; // TensorFlow's default
    const batch_norm<> normal;
    const conv2d<conv{.filters = 32, .kernel = 5, .stride = 2, .padding = same}> halving{even};
    // clang-format off
    network net{input<32, 32, 3>{},
                conv2d<conv{.filters = 64, .kernel = 5, .padding = same}>{even},
                normal, relu{}, halving,
                normal, relu{}, halving,
                normal, relu{}, halving,
                global_average_pool{},
                dense<100>{even}, relu{},
                dense<10>{even}};
    // clang-format on
    const adam rule{.learning_rate =
                        exponential_decay{.initial = 1e-2, .rate = 0.96, .steps = 750, .staircase = true}};
    train(run, net, softmax_cross_entropy{}, rule, 8, average);
}
