#include "models/model.hpp"

using namespace strata;

void time_cifar_simple(const session& s) {
    time_model<5>(s,
                  network{input<32, 32, 3>{}, conv2d<conv{.filters = 32, .kernel = 7, .stride = 2}>{}, relu{},
                          flatten{}, dense<10>{}},
                  adam{.learning_rate = learning_rate});
}

void time_cifar_complex(const session& s) {
    time_model<6>(s,
                  network{input<32, 32, 3>{}, conv2d<conv{.filters = 32, .kernel = 7}>{}, relu{},
                          batch_norm<>{}, max_pool2d<>{}, flatten{}, dense<1024>{}, relu{}, dense<10>{}},
                  rmsprop{.learning_rate = learning_rate});
}
