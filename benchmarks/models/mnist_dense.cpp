#include "models/model.hpp"

using namespace strata;

void time_mnist_mlp(const session& s) {
    time_model<1>(s, network{input<784>{}, dense<500>{}, relu{}, dense<10>{}},
                  sgd{.learning_rate = learning_rate}, {.l2 = 1e-4});
}

void time_mnist_five_layers(const session& s) {
    const dropout quarter{.rate = 0.25f};
    time_model<2>(s,
                  network{input<784>{}, dense<200>{}, relu{}, quarter, dense<100>{}, relu{}, quarter,
                          dense<60>{}, relu{}, quarter, dense<30>{}, relu{}, quarter, dense<10>{}},
                  adam{.learning_rate = learning_rate});
}
