#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/train/run.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace strata {

/// Ends a run whose evaluations no longer improve, and in the end gives the network back the parameters and
/// the state it had at the best one (also when Ctrl-C or another callback ends the run). To stand behind the
/// evaluate_on that it watches:
///
///     fit(net, train, loss, adam{}, options, evaluate_on{validation}, early_stopping{.patience = 5});
///
/// Throws argument_error at the start of a run when no callback before it evaluates under `name`, or the
/// patience is below 1.
struct early_stopping {
    index patience = 5;           ///< it stops at the last of so many evaluations in a row that are no better
    double least_improvement = 0; ///< an evaluation is better if it is by more than this
    bool watch_loss = false;      ///< the lowest loss counts, else the highest accuracy (if there are labels)
    std::string name = "validation"; ///< of the evaluations it watches

    /// What it has seen.
    struct record {
        index best_step = 0, last_step = 0, worse = 0;
        double best = -std::numeric_limits<double>::infinity(); ///< accuracy, or minus the loss
        std::vector<double> values{}, state{};
    } seen{};

    template <class Run> void begin(Run& run) {
        if (patience < 1)
            detail::fail<argument_error>("early_stopping: a patience of ", patience,
                                         ", at least 1 is needed");
        if (!run.find_evaluation(name))
            detail::fail<argument_error>("early_stopping: no callback before it evaluates on \"", name,
                                         "\": put evaluate_on in front of it");
        if (run.step() == 0) seen = {};
    }
    template <class Run> void step(Run& run) { look(run); }
    template <class Run> void epoch(Run& run) { look(run); }
    template <class Run> void end(Run& run) {
        look(run);
        if (seen.best_step == 0) return;
        restore(seen.values, run.trainer.net().values());
        restore(seen.state, run.trainer.net().state());
    }

private:
    template <class Run> void look(Run& run) {
        const measured& found = run.evaluation_of(name);
        if (found.step == seen.last_step) return;
        seen.last_step = found.step;
        const bool accuracy = found.result.has_labels && !watch_loss;
        const double now = accuracy ? found.result.accuracy : -found.result.loss;
        if (now > seen.best + least_improvement) { // NaN is not
            seen.best = now;
            seen.best_step = seen.last_step;
            seen.worse = 0;
            const auto average = run.trainer.average();
            const auto values = average.empty() ? run.trainer.parameters() : average;
            const auto state = run.trainer.net().state();
            seen.values.assign(values.begin(), values.end());
            seen.state.assign(state.begin(), state.end());
        } else if (++seen.worse >= patience) {
            run.stop(seen.best_step > 0 ? "no better evaluation since step " + std::to_string(seen.best_step)
                                        : "no evaluation is a number");
        }
    }
    template <class Span> static void restore(const std::vector<double>& from, Span to) {
        std::transform(from.begin(), from.end(), to.begin(),
                       [](double v) { return static_cast<typename Span::value_type>(v); });
    }
};

} // namespace strata
