#include <strata/optim/adam.hpp>

#include "support/catch.hpp"
#include "support/trajectory.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("adam takes PyTorch's steps") {
    check_trajectory("adam", adam{.learning_rate = 0.01});
    check_trajectory("adam betas", adam{.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3});
    check_trajectory("adam l2", adam{.learning_rate = 0.01}, {.l2 = 0.05});
    check_trajectory("adam decaying rate",
                     adam{.learning_rate = exponential_decay{.initial = 0.003, .floor = 1e-4, .steps = 5}});
}

TEST_CASE("adamw takes PyTorch's steps") {
    check_trajectory("adamw", adamw{.learning_rate = 0.01, .weight_decay = 0.1});
    // adam with the network's decoupled decay is the same thing
    check_trajectory("adamw", adam{.learning_rate = 0.01}, {.weight_decay = 0.1});
    check_trajectory("adamw decaying rate",
                     adamw{.learning_rate = exponential_decay{.initial = 0.003, .floor = 1e-4, .steps = 5},
                           .weight_decay = 0.1});
}

TEST_CASE("adam's first step is the learning rate, whatever the gradient") {
    for (const double g : {1e-3, 1.0, 1e5}) {
        double w = 2, m = 0, v = 0;
        double* const slots[] = {&m, &v};
        const parameter_span span{0, 1, kind::weight};
        update(adam{.learning_rate = 0.25}, update_buffers<double>{&w, &g, slots, {&span, 1}}, {});
        CHECK(w == Approx(1.75).epsilon(1e-4));
    }
}
