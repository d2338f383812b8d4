#pragma once

#include <strata/train/run.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace strata {

/// Ends a run whose evaluations no longer improve, and in the end gives the network back the parameters and
/// the state it had at the best one. To stand behind the evaluate_on that it watches:
///
///     fit(net, train, loss, adam{}, options, evaluate_on{validation}, early_stopping{.patience = 5});
struct early_stopping {
    index patience = 5;              ///< evaluations in a row that are no better
    double least_improvement = 0;    ///< what makes an evaluation better
    bool watch_loss = false;         ///< the lowest loss counts, else the highest accuracy
    std::string name = "validation"; ///< of the evaluations it watches

    /// What it has seen.
    struct record {
        index best_step = 0, last_step = 0, worse = 0;
        double best = 0;
        std::vector<double> values{}, state{};
    } seen{};

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
        if (!run.newest || run.newest->name != name || run.newest->step == seen.last_step) return;
        seen.last_step = run.newest->step;
        const double now = watch_loss ? -run.newest->result.loss : run.newest->result.accuracy;
        if (seen.best_step == 0 || now > seen.best + least_improvement) {
            seen.best = now;
            seen.best_step = seen.last_step;
            seen.worse = 0;
            const auto average = run.trainer.average();
            const auto values = average.empty() ? run.trainer.net().values() : average;
            const auto state = run.trainer.net().state();
            seen.values.assign(values.begin(), values.end());
            seen.state.assign(state.begin(), state.end());
        } else if (++seen.worse >= patience) {
            run.stop("no better evaluation since step " + std::to_string(seen.best_step));
        }
    }
    template <class Span> static void restore(const std::vector<double>& from, Span to) {
        std::transform(from.begin(), from.end(), to.begin(),
                       [](double v) { return static_cast<typename Span::value_type>(v); });
    }
};

} // namespace strata
