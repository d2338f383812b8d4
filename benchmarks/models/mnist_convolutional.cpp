#include "models/model.hpp"

using namespace strata;

void time_mnist_convnet(const session& s) {
    time_model<3>(s,
                  network{input<28, 28, 1>{}, conv2d<conv{.filters = 6, .kernel = 6, .padding = same}>{},
                          relu{}, conv2d<conv{.filters = 12, .kernel = 5, .stride = 2, .padding = same}>{},
                          relu{}, conv2d<conv{.filters = 24, .kernel = 4, .stride = 2, .padding = same}>{},
                          relu{}, flatten{}, dense<200>{}, relu{}, dropout{.rate = 0.25f}, dense<10>{}},
                  adam{.learning_rate = learning_rate});
}

void time_mnist_convnet_bn(const session& s) {
    const batch_norm<norm{.scale = false}> normal{};
    time_model<4>(
        s,
        network{input<28, 28, 1>{},
                conv2d<conv{.filters = 24, .kernel = 6, .padding = same, .bias = false}>{}, normal, relu{},
                conv2d<conv{.filters = 48, .kernel = 5, .stride = 2, .padding = same, .bias = false}>{},
                normal, relu{},
                conv2d<conv{.filters = 64, .kernel = 4, .stride = 2, .padding = same, .bias = false}>{},
                normal, relu{}, flatten{}, dense<200, no_bias>{}, normal, relu{}, dropout{.rate = 0.5f},
                dense<10>{}},
        adam{.learning_rate = learning_rate});
}
