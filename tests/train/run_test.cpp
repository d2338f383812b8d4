#include <strata/train/run.hpp>

#include "support/catch.hpp"

using namespace strata;

namespace {

struct counter {
    strata::index done = 0;
    strata::index steps() const { return done; }
};

} // namespace

TEST_CASE("a run counts epochs from 1", "[run]") {
    counter steps;
    training_run<counter> run{.trainer = steps, .steps = 25, .steps_per_epoch = 10};
    CHECK(run.epochs() == 3);
    const auto epoch = [&](strata::index step) { return steps.done = step, run.epoch(); };
    CHECK(epoch(1) == 1);
    CHECK(epoch(10) == 1);
    CHECK(epoch(11) == 2);
    CHECK(epoch(25) == 3);
    CHECK(run.is_last());
    epoch(24);
    CHECK_FALSE(run.is_last());
    run.stop("one");
    run.stop("two");
    CHECK(run.is_last());
    CHECK(run.stopped_by == "one");
}

TEST_CASE("a reason that is empty is a reason still", "[run]") {
    counter steps;
    training_run<counter> run{.trainer = steps, .steps = 1};
    run.stop("");
    CHECK(run.stopping());
}

TEST_CASE("evaluations have a place for each name", "[run]") {
    counter steps;
    training_run<counter> run{.trainer = steps};
    CHECK(run.find_evaluation("test") == nullptr);
    run.evaluation_of("test").step = 3;
    run.evaluation_of("validation").step = 4;
    CHECK(run.evaluation_of("test").step == 3);
    CHECK(run.evaluations.size() == 2);
    CHECK(run.find_evaluation("validation")->step == 4);
}

TEST_CASE("means of steps weigh every sample alike", "[run]") {
    step_means means;
    CHECK(means.loss() == 0);
    means.add({.loss = 1, .accuracy = 0.5, .samples = 30});
    means.add({.loss = 4, .accuracy = 1, .samples = 10});
    CHECK(means.loss() == 1.75);
    CHECK(means.accuracy() == 0.625);
}
