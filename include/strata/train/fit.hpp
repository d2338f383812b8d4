#pragma once

#include <strata/core/error.hpp>
#include <strata/data/batches.hpp>
#include <strata/data/prefetch.hpp>
#include <strata/train/interrupt.hpp>
#include <strata/train/run.hpp>
#include <strata/train/trainer.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace strata {

/// How long, in what batches, and with what beside the optimizer a network is trained. `steps` or `epochs`
/// must be given; with both, the sooner end counts.
struct fit_options {
    index batch_size = 32;
    index steps = 0;
    index epochs = 0;
    std::uint64_t seed =
        0; ///< of the order of the samples and the dropout masks; network::initialise has its own
    bool shuffle = true;
    bool drop_last = false;  ///< leave out the last batch of an epoch if it is short
    double l2 = 0;           ///< see training_terms
    double weight_decay = 0; ///< see training_terms
    double clip_norm = 0;    ///< see training_terms
    std::optional<moving_average>
        average{}; ///< evaluations use the average, and the network has it in the end
};

/// How a run went.
struct fit_result {
    index steps = 0;
    double seconds = 0;
    step_result last{};       ///< the newest step
    bool interrupted = false; ///< by Ctrl-C
    std::string stopped_by{}; ///< why the run ended before its last step; empty: it did not
};

namespace detail {

// A callback has those of the four members that it cares for.
template <class Callback, class Run> void call_begin(Callback& c, Run& run) {
    if constexpr (requires { c.begin(run); }) c.begin(run);
}
template <class Callback, class Run> void call_step(Callback& c, Run& run) {
    if constexpr (requires { c.step(run); }) c.step(run);
}
template <class Callback, class Run> void call_epoch(Callback& c, Run& run) {
    if constexpr (requires { c.epoch(run); }) c.epoch(run);
}
template <class Callback, class Run> void call_end(Callback& c, Run& run) {
    if constexpr (requires { c.end(run); }) c.end(run);
}

} // namespace detail

/// Trains with a trainer of one's own, from where it stands up to `options.steps` steps in all.
template <class Trainer, class Dataset, class... Callbacks>
fit_result fit(Trainer& trainer, const Dataset& train, const fit_options& options,
               Callbacks&&... callbacks) requires requires {
    typename Trainer::network_type;
}
{
    using T = typename Trainer::T;
    detail::check_samples<typename Trainer::network_type>("fit", train.sample_shape());
    if (options.steps < 1 && options.epochs < 1)
        detail::fail<argument_error>("fit: give at least 1 step or 1 epoch, not ", options.steps, " and ",
                                     options.epochs);
    data::batches source(train, {.size = options.batch_size,
                                 .shuffle = options.shuffle,
                                 .drop_last = options.drop_last,
                                 .seed = options.seed});
    training_run<Trainer> run{.trainer = trainer,
                              .steps = options.steps,
                              .steps_per_epoch = source.steps_per_epoch(),
                              .batch_size = options.batch_size};
    if (options.epochs > 0) {
        const index steps = options.epochs * run.steps_per_epoch;
        run.steps = options.steps > 0 ? std::min(options.steps, steps) : steps;
    }

    const interrupt_guard interrupt;
    fit_result result;
    (detail::call_begin(callbacks, run), ...);
    if (run.step() < run.steps && !run.stopping()) {
        auto ahead = data::prefetch<T>(source, run.step());
        while (!run.is_last()) {
            run.last = trainer.step(ahead.next());
            if (interrupt.requested()) run.stop("Ctrl-C");
            (detail::call_step(callbacks, run), ...);
            if (run.step() % run.steps_per_epoch == 0) (detail::call_epoch(callbacks, run), ...);
        }
    }
    trainer.keep_average();
    (detail::call_end(callbacks, run), ...);
    return {run.step(), run.seconds(), run.last, interrupt.requested(), run.stopped_by};
}

/// Trains `net` on `train`: batches drawn in a new order every epoch and prepared by a background thread,
/// then one step of the optimizer for each. Ctrl-C ends the run after the step at hand.
///
/// Throws argument_error when the data does not fit the network or an option is out of range,
/// divergence_error when the loss is not finite: the network then has the parameters of the step before.
template <class Network, class Dataset, class Loss, optimizer Optimizer, class... Callbacks>
fit_result fit(Network& net, const Dataset& train, Loss loss, Optimizer rule, const fit_options& options,
               Callbacks&&... callbacks) {
    trainer worker(
        net, std::move(loss), std::move(rule),
        training_terms{options.l2, options.weight_decay, options.clip_norm, options.average, options.seed});
    return fit(worker, train, options, std::forward<Callbacks>(callbacks)...);
}

} // namespace strata
