#include <strata/optim/rmsprop.hpp>

#include "support/catch.hpp"
#include "support/trajectory.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("rmsprop takes PyTorch's steps") {
    check_trajectory("rmsprop", rmsprop{.learning_rate = 0.01});
    check_trajectory("rmsprop momentum", rmsprop{.learning_rate = 0.01, .momentum = 0.7});
    check_trajectory("rmsprop l2", rmsprop{.learning_rate = 0.01}, {.l2 = 0.05});
}

TEST_CASE("rmsprop takes TensorFlow 1's steps") {
    check_trajectory(
        "rmsprop tensorflow",
        rmsprop{.learning_rate = 0.01, .epsilon = 1e-10, .epsilon_inside_root = true, .initial_square = 1});
}

TEST_CASE("rmsprop's epsilon lies where it is put") {
    const auto step = [](bool inside) {
        double w = 0, s = 0, b = 0;
        const double g = 2;
        double* const slots[] = {&s, &b};
        const parameter_span span{0, 1, kind::weight};
        update(rmsprop{.learning_rate = 1, .decay = 0, .epsilon = 5, .epsilon_inside_root = inside},
               update_buffers<double>{&w, &g, slots, {&span, 1}}, {});
        return w;
    };
    CHECK(step(true) == Approx(-2.0 / 3));  // 2 / sqrt(4 + 5)
    CHECK(step(false) == Approx(-2.0 / 7)); // 2 / (sqrt(4) + 5)
}
