#pragma once

#include <strata/core/shape.hpp>
#include <strata/train/evaluate.hpp>
#include <strata/train/trainer.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace strata {

/// The newest evaluation of one name.
struct measured {
    std::string name{}; ///< "validation", "test"
    index step = 0;     ///< after how many steps; 0: not yet
    evaluation result{};
};

/// Means over the samples of several steps.
struct step_means {
    double loss_sum = 0, accuracy_sum = 0;
    index samples = 0;

    void add(const step_result& step) {
        loss_sum += step.loss * static_cast<double>(step.samples);
        accuracy_sum += step.accuracy * static_cast<double>(step.samples);
        samples += step.samples;
    }
    double loss() const { return loss_sum / static_cast<double>(std::max<index>(samples, 1)); }
    double accuracy() const { return accuracy_sum / static_cast<double>(std::max<index>(samples, 1)); }
};

/// A training run as callbacks see it.
///
/// A callback is any object with some of these members:
///
///     begin(run)    before the first step
///     step(run)     after every step; an object that is a function of the run, such as a lambda, is one too
///     epoch(run)    behind it after the last step of every pass over the data
///     end(run)      when the run is over: the network is as it will be returned, averaged if it is to be
///     failed(run)   instead of end when an exception ends the run; must not throw
///
/// `fit` calls them in the order in which it was given the callbacks, but those with a member `static
/// constexpr bool reports = true` after all others, so that they see what these have found. A callback may
/// come in a std::optional: an empty one is left out.
template <class Trainer> struct training_run {
    Trainer& trainer;
    index steps = 0; ///< where the run ends, counted from the trainer's first step
    index steps_per_epoch = 0;
    index batch_size = 0;
    index first_step = 0;                ///< steps done before this run
    step_result last{};                  ///< the newest step
    std::vector<measured> evaluations{}; ///< the newest of every name: see evaluation_of
    std::string stopped_by{};            ///< why the run ends early; empty: it does not
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

    /// Steps done.
    index step() const { return trainer.steps(); }
    /// Epoch of the newest step, from 1.
    index epoch() const { return (step() + steps_per_epoch - 1) / steps_per_epoch; }
    index epochs() const { return (steps + steps_per_epoch - 1) / steps_per_epoch; }
    bool is_last() const { return step() >= steps || stopping(); }

    /// The place of the newest evaluation of this name, made if it is not there: in `begin` to announce it,
    /// in `step`, `epoch` or `end` to write it. The reference is good until the next call.
    measured& evaluation_of(std::string_view name) {
        const auto found = std::find_if(evaluations.begin(), evaluations.end(),
                                        [&](const measured& m) { return m.name == name; });
        if (found != evaluations.end()) return *found;
        return evaluations.emplace_back(measured{std::string(name), 0, {}});
    }
    /// The same, or null if nothing has announced it.
    const measured* find_evaluation(std::string_view name) const {
        const auto found = std::find_if(evaluations.begin(), evaluations.end(),
                                        [&](const measured& m) { return m.name == name; });
        return found != evaluations.end() ? &*found : nullptr;
    }

    /// Ends the run after this step.
    void stop(std::string why) {
        if (stopped_by.empty()) stopped_by = why.empty() ? "a callback" : std::move(why);
    }
    bool stopping() const { return !stopped_by.empty(); }

    /// Since the begin of this run.
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    }
};

} // namespace strata
