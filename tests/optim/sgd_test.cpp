#include <strata/optim/sgd.hpp>

#include "support/catch.hpp"
#include "support/trajectory.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("sgd takes PyTorch's steps") {
    check_trajectory("sgd", sgd{.learning_rate = 0.1});
    check_trajectory("sgd l2", sgd{.learning_rate = 0.1}, {.l2 = 0.05});
    check_trajectory("sgd momentum", sgd{.learning_rate = 0.1, .momentum = 0.9});
    check_trajectory("sgd momentum l2", sgd{.learning_rate = 0.1, .momentum = 0.9}, {.l2 = 0.05});
    check_trajectory("sgd nesterov", sgd{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true});
    check_trajectory("sgd nesterov l2", sgd{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true},
                     {.l2 = 0.05});
}

TEST_CASE("sgd decays weights apart from the gradient") {
    check_trajectory("sgd decoupled", sgd{.learning_rate = 0.1}, {.weight_decay = 0.05});
}
