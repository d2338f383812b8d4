#include <strata/optim/ema.hpp>
#include <strata/optim/sgd.hpp>

#include "support/catch.hpp"
#include "support/trajectory.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("a moving average follows TensorFlow's formula, over the updated parameters") {
    check_trajectory("average num_updates", sgd{.learning_rate = 0.1}, {},
                     moving_average{.decay = 0.99, .num_updates = true});
    check_trajectory("average constant", sgd{.learning_rate = 0.1}, {},
                     moving_average{.decay = 0.9, .num_updates = false});
}

TEST_CASE("num_updates lets early averages move faster, and decay bounds it") {
    const moving_average m{.decay = 0.99};
    CHECK(m.rate(0) == Approx(0.9));
    CHECK(m.rate(8) == Approx(0.5));
    CHECK(m.rate(889) == Approx(0.01011).epsilon(0.01));
    CHECK(m.rate(100'000) == Approx(0.01));
    CHECK(moving_average{.decay = 0.99, .num_updates = false}.rate(0) == Approx(0.01));
}
