#pragma once

#include <strata/core/shape.hpp>
#include <strata/train/evaluate.hpp>
#include <strata/train/trainer.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace strata {

/// The newest evaluation of a run.
struct measured {
    std::string name; ///< "validation", "test"
    index step = 0;   ///< after how many steps
    evaluation result;
};

/// A training run as callbacks see it.
///
/// A callback is any object with some of: begin(run), after the start; step(run), after every step;
/// epoch(run), after every pass over the data; end(run), when the run is over, however it ends but for an
/// exception. They are called in the order in which they were given to `fit`.
template <class Trainer> struct training_run {
    Trainer& trainer;
    index steps = 0; ///< where the run ends, counted from the trainer's first step
    index steps_per_epoch = 0;
    index batch_size = 0;
    step_result last{};               ///< the newest step
    std::optional<measured> newest{}; ///< set by evaluate_on
    std::string stopped_by{};         ///< why the run ends early; empty: it does not
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

    /// Steps done.
    index step() const { return trainer.steps(); }
    /// Epoch of the newest step, from 1.
    index epoch() const { return (step() + steps_per_epoch - 1) / steps_per_epoch; }
    index epochs() const { return (steps + steps_per_epoch - 1) / steps_per_epoch; }
    bool is_last() const { return step() >= steps || stopping(); }

    /// Ends the run after this step.
    void stop(std::string why) {
        if (stopped_by.empty()) stopped_by = std::move(why);
    }
    bool stopping() const { return !stopped_by.empty(); }

    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    }
};

} // namespace strata
