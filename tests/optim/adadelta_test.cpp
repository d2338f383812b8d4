#include <strata/optim/adadelta.hpp>

#include "support/catch.hpp"
#include "support/trajectory.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("adadelta takes PyTorch's steps") {
    check_trajectory("adadelta", adadelta{});
    check_trajectory("adadelta l2", adadelta{.learning_rate = 0.5, .decay = 0.8, .epsilon = 1e-4},
                     {.l2 = 0.05});
}
