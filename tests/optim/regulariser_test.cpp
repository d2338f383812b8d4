#include <strata/optim/adam.hpp>
#include <strata/optim/regulariser.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/optim/update.hpp>

#include <cmath>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

namespace {

/// One weight w under its gradient g, and what the optimizer remembers of it.
struct one_weight {
    double w = 2, g = 0;
    double memory[2] = {};

    template <class Optimizer>
    void step(const Optimizer& o, const regulariser& r, strata::index number, double scale = 1) {
        const parameter_span span{0, 1, kind::weight};
        double* const slots[] = {&memory[0], &memory[1]};
        update(o, update_buffers<double>{&w, &g, slots, {&span, 1}},
               {.step = number, .gradient_scale = scale, .regularise = r});
    }
};

/// A rule that reads the weight: it goes halfway to 5.
struct toward_five {
    schedule learning_rate = 0.5;
    static constexpr int slots = 0;

    struct halfway {
        static constexpr int slots = 0;
        template <class V> void operator()(V& w, const V&) const { w = w * 0.5 + 2.5; }
    };
    template <class T> halfway rule(strata::index) const { return {}; }
};

} // namespace

TEST_CASE("L2 is the gradient of l2 w²/2, added to the loss's") {
    const regulariser r{.l2 = 0.3};
    const auto loss = [&](double w) { return std::sin(w) + r.l2 * w * w / 2; };
    const double h = 1e-5, w = 1.7;
    one_weight one{.w = w, .g = std::cos(w)};
    one.step(sgd{.learning_rate = 0.5}, r, 0);
    CHECK((w - one.w) / 0.5 == Approx((loss(w + h) - loss(w - h)) / (2 * h)).epsilon(1e-9));
}

TEST_CASE("the optimizer sees L2 and remembers it; decay passes by it") {
    const sgd heavy{.learning_rate = 0.25, .momentum = 0.5};
    one_weight with_l2{.w = 2, .g = 1}, decayed = with_l2;
    with_l2.step(heavy, {.l2 = 0.5}, 0);
    CHECK(with_l2.memory[0] == 1 + 0.5 * 2);
    CHECK(with_l2.w == 2 - 0.25 * (1 + 0.5 * 2));
    decayed.step(heavy, {.weight_decay = 0.5}, 0);
    CHECK(decayed.memory[0] == 1);
    CHECK(decayed.w == 2 - 0.25 * 0.5 * 2 - 0.25 * 1);

    // adam's first step goes as far as its rate, whatever the gradient: L2 is no shorter way to go further
    one_weight narrow, wide, slow;
    narrow.step(adam{.learning_rate = 0.125}, {.l2 = 1}, 0);
    wide.step(adam{.learning_rate = 0.125}, {.l2 = 1000}, 0);
    slow.step(adam{.learning_rate = 0.125}, {.weight_decay = 0.5}, 0);
    CHECK(narrow.w == Approx(2 - 0.125).epsilon(1e-6));
    CHECK(wide.w == Approx(2 - 0.125).epsilon(1e-6));
    CHECK(slow.w == 2 - 0.125 * 0.5 * 2);
}

TEST_CASE("decay comes before the optimizer's own update") {
    one_weight one;
    one.step(toward_five{}, {.weight_decay = 0.5}, 0);
    CHECK(one.w == (2 - 0.5 * 0.5 * 2) * 0.5 + 2.5);
}

TEST_CASE("decay follows the schedule of the learning rate, L2 is part of the gradient") {
    const sgd falling{.learning_rate = [](strata::index step) { return step == 0 ? 0.5 : 0.125; }};
    one_weight one;
    one.step(falling, {.weight_decay = 0.5}, 0);
    CHECK(one.w == 2 * (1 - 0.5 * 0.5));
    one.w = 2;
    one.step(falling, {.weight_decay = 0.5}, 1);
    CHECK(one.w == 2 * (1 - 0.125 * 0.5));
}

TEST_CASE("L2 and decay together, beside a gradient that is clipped") {
    one_weight one{.w = 2, .g = 8};
    one.step(sgd{.learning_rate = 0.25}, {.l2 = 0.5, .weight_decay = 1}, 0, 0.25);
    CHECK(one.w == 2 - 0.25 * 1 * 2 - 0.25 * (8 * 0.25 + 0.5 * 2));
}

TEST_CASE("nothing is pulled unless it is asked for") {
    one_weight one;
    one.step(sgd{.learning_rate = 1}, {}, 0);
    CHECK(one.w == 2);
}
