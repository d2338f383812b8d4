#include "models/model.hpp"

using namespace strata;

void time_cifar_convnet(const session& s) {
    constexpr conv half{.filters = 32, .kernel = 5, .stride = 2, .padding = same};
    time_model<7>(s,
                  network{input<32, 32, 3>{}, conv2d<conv{.filters = 64, .kernel = 5, .padding = same}>{},
                          batch_norm<>{}, relu{}, conv2d<half>{}, batch_norm<>{}, relu{}, conv2d<half>{},
                          batch_norm<>{}, relu{}, conv2d<half>{}, global_average_pool{}, dense<100>{}, relu{},
                          dense<10>{}},
                  adam{.learning_rate = learning_rate});
}

void time_cifar_vgg(const session& s) {
    constexpr conv first{.filters = 64, .padding = same, .bias = false};
    constexpr conv second{.filters = 128, .padding = same, .bias = false};
    constexpr conv third{.filters = 256, .padding = same, .bias = false};
    const batch_norm<> normal{};
    time_model<8>(
        s,
        network{
            input<32, 32, 3>{}, conv2d<first>{},       normal,     relu{}, conv2d<first>{},  normal, relu{},
            max_pool2d<>{},     conv2d<second>{},      normal,     relu{}, conv2d<second>{}, normal, relu{},
            max_pool2d<>{},     conv2d<third>{},       normal,     relu{}, conv2d<third>{},  normal, relu{},
            max_pool2d<>{},     global_average_pool{}, dense<10>{}},
        adam{.learning_rate = learning_rate});
}
