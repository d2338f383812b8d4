#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/train/evaluate.hpp>
#include <strata/train/run.hpp>

#include <string>
#include <utility>

namespace strata {

/// Evaluates on a data set every `every` steps (0: at the end of every epoch) and at the end of the run, once
/// for each step. Later callbacks find the result in run.evaluation_of(name). Throws argument_error as
/// `evaluate` does, and for a negative `every`.
template <class Dataset> struct evaluate_on {
    Dataset data;
    index every;
    std::string name;
    evaluate_options options{};

    evaluation newest{}; ///< the newest result
    evaluation best{};   ///< the best result so far, see evaluation::better_than; of equal ones the first
    index newest_step = 0, best_step = 0;

    explicit evaluate_on(Dataset data_, index every_ = 0, std::string name_ = "validation")
        : data(std::move(data_)), every(every_), name(std::move(name_)) {
        if (every < 0)
            detail::fail<argument_error>("evaluate_on: every ", every,
                                         " steps, at least 1 is needed, or 0 for every epoch");
    }

    template <class Run> void begin(Run& run) {
        if (run.step() == 0) newest_step = best_step = 0;
        run.evaluation_of(name);
    }
    template <class Run> void step(Run& run) {
        if (every > 0 && run.step() % every == 0) measure(run);
    }
    template <class Run> void epoch(Run& run) {
        if (every == 0) measure(run);
    }
    template <class Run> void end(Run& run) {
        if (newest_step != run.step()) measure(run);
    }

private:
    template <class Run> void measure(Run& run) {
        newest = run.trainer.evaluate(data, options);
        newest_step = run.step();
        if (best_step == 0 || newest.better_than(best)) {
            best = newest;
            best_step = newest_step;
        }
        measured& place = run.evaluation_of(name);
        place.step = newest_step;
        place.result = newest;
    }
};

} // namespace strata
