#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/data/batches.hpp>
#include <strata/data/prefetch.hpp>
#include <strata/train/callback.hpp>
#include <strata/train/interrupt.hpp>
#include <strata/train/run.hpp>
#include <strata/train/trainer.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace strata {

/// How long, in what batches, and with what beside the optimizer a network is trained. `steps` or `epochs`
/// must be given; with both, the sooner end counts.
struct fit_options {
    index batch_size = 32;
    index steps = 0;
    index epochs = 0;
    /// Of the order of the samples and the dropout masks; network::initialise has its own.
    std::uint64_t seed = 0;
    bool shuffle = true;
    bool drop_last = false;  ///< leave out the last batch of an epoch if it is short
    double l2 = 0;           ///< see training_terms
    double weight_decay = 0; ///< see training_terms
    double clip_norm = 0;    ///< see training_terms
    double offset_rate = 1;  ///< see training_terms
    /// Evaluations use the average, and the network has it in the end.
    moving_average average{.decay = 0};
};

/// How a run went.
struct fit_result {
    index steps = 0; ///< in all, with those before the run
    double seconds = 0;
    step_result last{};       ///< the newest step
    bool interrupted = false; ///< by Ctrl-C
    std::string stopped_by{}; ///< why the run ended before its last step; empty: it did not
};

namespace detail {

/// Batch after batch, prepared by a background thread, or on the spot where that takes less than handing one
/// over from thread to thread; the batches are the same.
template <class T, class Source> class batch_feed {
public:
    batch_feed(Source source, index first) : m_source(std::move(source)), m_step(first) {
        constexpr index least_work = 131'072; // numbers in a batch: some 50 us
        constexpr index passes =
            data::has_transforms<typename Source::dataset_type> ? 10 : 1; // 2 - 40 measured
        const index work = std::min(m_source.options().size, m_source.data().size())
                           * m_source.data().sample_shape().size() * passes;
        if (work < least_work)
            m_batch.emplace(m_source.template make<T>());
        else
            m_ahead.emplace(std::move(m_source), first);
    }
    const data::batch_of<typename Source::dataset_type, T>& next() {
        if (m_ahead) return m_ahead->next();
        m_source.fill(m_step++, *m_batch);
        return *m_batch;
    }

private:
    Source m_source;
    index m_step;
    std::optional<data::batch_of<typename Source::dataset_type, T>> m_batch;
    std::optional<data::prefetcher<T, Source>> m_ahead;
};

inline void check_terms(const fit_options& asked, const training_terms& got) {
    const auto check = [](const char* what, double ask, double have) {
        if (ask != 0 && ask != have)
            fail<argument_error>("fit: ", what, " is ", ask, " in the options, but ", have,
                                 " in the trainer, which decides: give it there");
    };
    check("l2", asked.l2, got.l2);
    check("weight_decay", asked.weight_decay, got.weight_decay);
    check("clip_norm", asked.clip_norm, got.clip_norm);
    if (asked.offset_rate != 1) check("offset_rate", asked.offset_rate, got.offset_rate);
    if (asked.average.is_kept() && !got.average.is_kept())
        fail<argument_error>("fit: an average with decay ", asked.average.decay,
                             " is in the options, but none in the trainer, which decides: give it there");
}

} // namespace detail

/// Trains with a trainer of one's own, from where it stands up to `options.steps` steps (or `options.epochs`
/// epochs) in all: a run in two parts has the bits of the whole. Terms such as l2 are the trainer's.
template <class Trainer, class Dataset, class... Callbacks>
    requires requires {
        typename Trainer::network_type;
    }
fit_result fit(Trainer& trainer, const Dataset& train, const fit_options& options, Callbacks&&... callbacks) {
    using T = typename Trainer::T;
    using run_type = training_run<Trainer>;
    using source_type = data::batches<Dataset>;
    static_assert((detail::is_callback<std::remove_cvref_t<Callbacks>, run_type>() && ...),
                  "fit: a callback has at least one of begin, step, epoch, end, failed, each taking the run "
                  "(auto& run), or is itself a function of it");
    detail::check_samples<typename Trainer::network_type>("fit", train.sample_shape());
    if (options.steps < 0 || options.epochs < 0 || (options.steps == 0 && options.epochs == 0))
        detail::fail<argument_error>("fit: give at least 1 step or 1 epoch, not ", options.steps, " and ",
                                     options.epochs);
    detail::check_terms(options, trainer.terms());
    source_type source(train, {.size = options.batch_size,
                               .shuffle = options.shuffle,
                               .drop_last = options.drop_last,
                               .seed = options.seed});
    run_type run{.trainer = trainer,
                 .steps = options.steps > 0 ? options.steps : std::numeric_limits<index>::max(),
                 .steps_per_epoch = source.steps_per_epoch(),
                 .batch_size = options.batch_size,
                 .first_step = trainer.steps()};
    if (options.epochs > 0 && options.epochs <= run.steps / run.steps_per_epoch)
        run.steps = options.epochs * run.steps_per_epoch;

    const interrupt_guard interrupt;
    const auto obey = [&] {
        if (interrupt.requested()) run.stop("Ctrl-C");
    };
    try {
        detail::notify_all(detail::on_begin{}, run, callbacks...);
        obey();
        if (!run.is_last()) {
            detail::batch_feed<T, source_type> feed(std::move(source), run.step());
            while (!run.is_last()) {
                run.last = trainer.step(feed.next());
                obey();
                const bool ends_epoch = run.step() % run.steps_per_epoch == 0;
                detail::notify_those<false>(detail::on_step{}, run, callbacks...);
                if (ends_epoch) detail::notify_those<false>(detail::on_epoch{}, run, callbacks...);
                detail::notify_those<true>(detail::on_step{}, run, callbacks...);
                if (ends_epoch) detail::notify_those<true>(detail::on_epoch{}, run, callbacks...);
                obey();
            }
        }
        trainer.show_average();
        detail::notify_all(detail::on_end{}, run, callbacks...);
    } catch (...) {
        detail::notify_all(detail::on_failed{}, run, callbacks...);
        throw;
    }
    return {run.step(), run.seconds(), run.last, interrupt.requested(), run.stopped_by};
}

/// Trains `net` on `train`: batches drawn in a new order every epoch, large ones prepared by a background
/// thread, then one step of the optimizer for each. Ctrl-C ends the run after the step at hand.
///
/// Throws argument_error when the data does not fit the network or an option is out of range,
/// divergence_error when the loss is not finite. The network then has the parameters that the step before
/// left, as it has when a callback throws.
template <class Network, class Dataset, class Loss, optimizer Optimizer, class... Callbacks>
fit_result fit(Network& net, const Dataset& train, Loss loss, Optimizer rule, const fit_options& options,
               Callbacks&&... callbacks) {
    trainer worker(net, std::move(loss), std::move(rule),
                   training_terms{options.l2, options.weight_decay, options.clip_norm, options.offset_rate,
                                  options.average, options.seed});
    return fit(worker, train, options, std::forward<Callbacks>(callbacks)...);
}

} // namespace strata
