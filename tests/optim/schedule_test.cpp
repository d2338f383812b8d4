#include <strata/optim/schedule.hpp>

#include "support/catch.hpp"
#include "support/golden.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

std::vector<double> rates(const schedule& s, std::size_t steps) {
    std::vector<double> out;
    for (std::size_t t = 0; t < steps; ++t) out.push_back(s(static_cast<strata::index>(t)));
    return out;
}

void check_rates(const schedule& s, const std::string& name) {
    CAPTURE(name);
    const json& expected = golden("optimizers.json").at("schedules").at(name);
    check_close(rates(s, expected.size()), expected);
}

double half_of(strata::index step) {
    return 0.5 * static_cast<double>(step);
}

} // namespace

TEST_CASE("a number is a schedule, and so is any function of the step") {
    CHECK(schedule(0.25)(0) == 0.25);
    CHECK(schedule(0.5f)(1'000'000) == 0.5);
    CHECK(schedule(1)(3) == 1);
    CHECK(schedule(half_of)(7) == 3.5);
    const double scale = 3;
    const schedule s = [scale](strata::index step) { return scale / static_cast<double>(step + 1); };
    CHECK(s(2) == 1);
    const schedule copy = s; // NOLINT
    CHECK(copy(5) == 0.5);
    const schedule of_int = [](int step) { return 2.0f * static_cast<float>(step); };
    CHECK(of_int(4) == 8);
}

TEST_CASE("exponential_decay is smooth, a staircase, and has a floor") {
    // lr = 0.0001 + 0.003 exp(-t / 2000)
    const schedule smooth = exponential_decay{.initial = 0.003, .floor = 1e-4, .steps = 2'000};
    CHECK(smooth(0) == Approx(0.0031));
    CHECK(smooth(1) == Approx(1e-4 + 0.003 * std::exp(-1 / 2000.0)));
    CHECK(smooth(2'000) == Approx(1e-4 + 0.003 / std::numbers::e));
    CHECK(smooth(10'000'000) == Approx(1e-4));
    // lr = 0.8 * 0.99^floor(t / 550)
    const schedule stairs = exponential_decay{.initial = 0.8, .rate = 0.99, .steps = 550, .staircase = true};
    CHECK(stairs(0) == 0.8);
    CHECK(stairs(549) == 0.8);
    CHECK(stairs(550) == Approx(0.8 * 0.99));
    CHECK(stairs(1'099) == Approx(0.8 * 0.99));
    CHECK(stairs(30'000) == Approx(0.8 * std::pow(0.99, 54)));

    check_rates(exponential_decay{.initial = 0.8, .rate = 0.9, .steps = 1}, "exponential");
    check_rates(exponential_decay{.initial = 0.8, .rate = 0.5, .steps = 7, .staircase = true}, "staircase");
}

TEST_CASE("step_decay, cosine and one_cycle are PyTorch's") {
    check_rates(step_decay{.initial = 0.1, .factor = 0.3, .at = {5, 9, 20}}, "step_decay");
    check_rates(cosine{.initial = 0.1, .floor = 0.001, .steps = 25}, "cosine");
    check_rates(one_cycle{.peak = 0.3, .steps = 40}, "one_cycle");
}

TEST_CASE("cosine and one_cycle stay at their last value") {
    const schedule c = cosine{.initial = 0.1, .floor = 0.001, .steps = 25};
    CHECK(c(25) == Approx(0.001));
    CHECK(c(26) == c(25));
    CHECK(c(1'000) == c(25));
    const schedule o = one_cycle{.peak = 0.3, .steps = 40};
    CHECK(o(39) == Approx(0.3 / 25 / 1e4));
    CHECK(o(40) == o(39));
    CHECK(o(4'000) == o(39));
}

TEST_CASE(
    "a schedule without steps is not a number, which a trainer refuses; one of a single step has a value") {
    CHECK(std::isnan(exponential_decay{.steps = 0}(0)));
    CHECK(std::isnan(exponential_decay{.steps = 0, .staircase = true}(0)));
    CHECK(std::isnan(cosine{.steps = 0}(0)));
    const one_cycle starts_at_peak{.peak = 0.5, .steps = 10, .rise = 0.1};
    CHECK(starts_at_peak(0) == 0.5);
    CHECK(starts_at_peak(1) < 0.5);
    CHECK(std::isfinite(one_cycle{.steps = 1}(0)));
    CHECK(std::isfinite(one_cycle{.steps = 1, .rise = 1}(0)));
}

TEST_CASE("triangle rises and falls in straight lines, and stays at its end") {
    const triangle t{.peak = 2, .steps = 11, .rise = 0.2, .start = 0.5, .end = 0.1};
    const double expected[] = {1, 1.5, 2, 1.775, 1.55, 1.325, 1.1, 0.875, 0.65, 0.425, 0.2};
    for (strata::index step = 0; step < 11; ++step) CHECK(t(step) == Approx(expected[step]));
    CHECK(t(10'000) == Approx(0.2));
    CHECK(triangle{.peak = 3, .steps = 5, .rise = 0}(0) == 3);
    CHECK(triangle{.peak = 3, .steps = 5, .rise = 1}(4) == 3);
    CHECK(triangle{.peak = 3, .steps = 1}(0) == 0);
}

TEST_CASE("warm_up rises in a straight line to the schedule behind it, which starts at its own step 0") {
    const schedule s = warm_up{.steps = 4, .then = exponential_decay{.initial = 0.5, .steps = 100}};
    for (strata::index t = 0; t < 4; ++t) CHECK(s(t) == Approx(0.1 * static_cast<double>(t + 1)));
    CHECK(s(4) == 0.5);
    CHECK(s(104) == Approx(0.5 / std::numbers::e));
    const schedule none = warm_up{.steps = 0, .then = 0.25};
    CHECK(none(0) == 0.25);
}
