#include <strata/core/error.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/dense.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/adam.hpp>
#include <strata/train/callbacks/early_stopping.hpp>
#include <strata/train/callbacks/evaluate_on.hpp>
#include <strata/train/fit.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// Evaluations made up by the test, one a step.
struct script {
    std::vector<evaluation> results;
    std::string name = "validation";
    template <class Run> void begin(Run& run) { run.evaluation_of(name); }
    template <class Run> void step(Run& run) {
        run.evaluation_of(name) = {name, run.step(), results.at(static_cast<std::size_t>(run.step() - 1))};
    }
};
script accuracies(const std::vector<double>& values) {
    script s;
    for (const double v : values) s.results.push_back({.loss = 1 - v, .has_labels = true, .accuracy = v});
    return s;
}
script losses(const std::vector<double>& values) {
    script s;
    for (const double v : values) s.results.push_back({.loss = v});
    return s;
}

struct outcome {
    fit_result result;
    bool has_values_of_best, has_state_of_best;
};

/// Trains with scripted evaluations; tells whether the network came back as it was after step `best`.
template <bool Average = false> outcome run_script(script s, early_stopping stopping, strata::index best) {
    network net{input<2>{}, dense<4>{}, batch_norm{}, dense<3>{}};
    std::vector<float> values, state;
    fit_options options{.batch_size = 8, .steps = static_cast<strata::index>(s.results.size())};
    if (Average) options.average = moving_average{};
    outcome o{};
    o.result = fit(net, clouds(64, 3), softmax_cross_entropy{}, adam{}, options, s, stopping, [&](auto& run) {
        if (run.step() != best) return;
        values = copy_of(Average ? run.trainer.average() : run.trainer.net().values());
        state = copy_of(run.trainer.net().state());
    });
    o.has_values_of_best = copy_of(net.values()) == values;
    o.has_state_of_best = copy_of(net.state()) == state;
    return o;
}

void check(const outcome& o, strata::index steps, const std::string& why) {
    CHECK(o.result.steps == steps);
    CHECK(o.result.stopped_by == why);
    CHECK(o.has_values_of_best);
    CHECK(o.has_state_of_best);
}

} // namespace

TEST_CASE("early stopping waits for its patience and restores the best", "[early_stopping]") {
    const std::vector<double> course{.1, .3, .2, .3, .25, .4, .39, .4, .4, .5};
    const std::string why = "no better evaluation since step ";
    check(run_script(accuracies(course), {.patience = 1}, 2), 3, why + "2");
    check(run_script(accuracies(course), {.patience = 3}, 2), 5, why + "2");
    check(run_script(accuracies(course), {.patience = 4}, 10), 10, "");
    check(run_script<true>(accuracies(course), {.patience = 3}, 2), 5, why + "2");
    check(run_script(accuracies({.1, .5, .2}), {.patience = 3}, 2), 3, ""); // the run's own end restores too
    check(run_script(accuracies({.5, .55, .55, .58}), {.patience = 2, .least_improvement = 0.1}, 1), 3,
          why + "1");
}

TEST_CASE("early stopping watches the loss where asked, or without labels", "[early_stopping]") {
    const std::string why = "no better evaluation since step ";
    check(run_script(losses({3, 2, 2.5, 2.1}), {.patience = 2}, 2), 4, why + "2");
    auto s = accuracies({.1, .2, .3, .4}); // more accurate, but the loss goes up
    for (std::size_t i = 0; i < 4; ++i) s.results[i].loss = static_cast<double>(i);
    check(run_script(s, {.patience = 2, .watch_loss = true}, 1), 3, why + "1");
    check(run_script(s, {.patience = 2}, 4), 4, "");
}

TEST_CASE("an evaluation that is no number is never the best", "[early_stopping]") {
    const double none = std::nan("");
    check(run_script(losses({none, 2, none, 1.5}), {.patience = 2}, 4), 4, "");
    const outcome o = run_script(losses({none, none, 1}), {.patience = 2}, 2);
    check(o, 2, "no evaluation is a number"); // nothing to restore
}

TEST_CASE("early stopping behind evaluate_on gives back the network that was measured", "[early_stopping]") {
    const labelled validation = clouds(40, 4, 9);
    network net{input<2>{}, dense<4>{}};
    evaluate_on look{validation, 1};
    const auto spoil = [](auto& run) {
        const auto values = run.trainer.net().values();
        if (run.step() > 50) std::fill(values.begin(), values.end(), 0.f);
    };
    fit(net, clouds(64, 4), softmax_cross_entropy{}, adam{0.1}, {.batch_size = 16, .steps = 60, .seed = 1},
        spoil, look, early_stopping{.patience = 60});
    REQUIRE(look.newest.accuracy == 0.25);
    REQUIRE(look.best.accuracy > 0.9);
    CHECK(evaluate(net, validation).accuracy == look.best.accuracy);
}

TEST_CASE("early stopping finds its evaluation among several", "[early_stopping]") {
    network net{input<2>{}, dense<3>{}};
    const fit_result r = fit(net, clouds(30, 3), softmax_cross_entropy{}, adam{}, {.steps = 50},
                             accuracies(std::vector<double>(50, .5)), evaluate_on{clouds(9, 3), 1, "test"},
                             early_stopping{.patience = 2});
    CHECK(r.steps == 3);
}

TEST_CASE("early stopping says what is missing", "[early_stopping]") {
    network net{input<2>{}, dense<3>{}};
    const auto says = [&](auto... callbacks) {
        return message<argument_error>(
            [&] { fit(net, clouds(30, 3), softmax_cross_entropy{}, adam{}, {.steps = 5}, callbacks...); });
    };
    const evaluate_on look{clouds(9, 3)};
    const std::string missing = "early_stopping: no callback before it evaluates on \"validation\": put "
                                "evaluate_on in front of it";
    CHECK(says(early_stopping{}) == missing);
    CHECK(says(early_stopping{}, look) == missing);
    CHECK(says(look, early_stopping{.patience = 0})
          == "early_stopping: a patience of 0, at least 1 is needed");
    CHECK(says(look, early_stopping{}) == "");
}

TEST_CASE("an early_stopping used for another run starts over", "[early_stopping]") {
    network net{input<2>{}, dense<3>{}};
    early_stopping stopping{.patience = 2};
    const auto again = [&] {
        return fit(net, clouds(30, 3), softmax_cross_entropy{}, adam{}, {.steps = 5},
                   accuracies({.5, .4, .3, .2, .1}), stopping)
            .steps;
    };
    CHECK(again() == 3);
    CHECK(again() == 3);
}
