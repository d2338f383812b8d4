#include <strata/optim/adagrad.hpp>

#include "support/catch.hpp"
#include "support/trajectory.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("adagrad takes PyTorch's steps") {
    check_trajectory("adagrad", adagrad{.learning_rate = 0.1});
    check_trajectory("adagrad started l2", adagrad{.learning_rate = 0.1, .initial_accumulator = 0.1},
                     {.l2 = 0.05});
}
