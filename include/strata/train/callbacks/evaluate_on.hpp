#pragma once

#include <strata/train/run.hpp>

#include <string>
#include <utility>

namespace strata {

/// Evaluates on a data set every `every` steps (0: at the end of every epoch) and at the end of the run.
/// Later callbacks find the result in run.newest. Throws argument_error as `evaluate` does.
template <class Dataset> struct evaluate_on {
    Dataset data;
    index every;
    std::string name;
    evaluate_options options{};

    evaluation newest{}; ///< the newest result
    evaluation best{};   ///< the result with the highest accuracy so far
    index best_step = 0;

    explicit evaluate_on(Dataset data_, index every_ = 0, std::string name_ = "validation")
        : data(std::move(data_)), every(every_), name(std::move(name_)) {}

    template <class Run> void step(Run& run) {
        if (every > 0 ? run.step() % every == 0 || run.is_last() : run.is_last()) measure(run);
    }
    template <class Run> void epoch(Run& run) {
        if (every == 0 && !run.is_last()) measure(run);
    }

private:
    template <class Run> void measure(Run& run) {
        newest = run.trainer.evaluate(data, options);
        if (best_step == 0 || newest.accuracy > best.accuracy) {
            best = newest;
            best_step = run.step();
        }
        run.newest = measured{name, run.step(), newest};
    }
};

} // namespace strata
