#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/error.hpp>
#include <strata/core/random.hpp>
#include <strata/core/shape.hpp>
#include <strata/data/batches.hpp>
#include <strata/loss/loss.hpp>
#include <strata/network/workspace.hpp>
#include <strata/optim/clip.hpp>
#include <strata/optim/ema.hpp>
#include <strata/optim/update.hpp>
#include <strata/train/evaluate.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace strata {

/// What a training step does beside the loss's gradient and the optimizer's update.
struct training_terms {
    double l2 = 0; ///< adds l2 / 2 times the sum of w² over the weights to the loss (see regulariser)
    double weight_decay = 0; ///< w -= learning_rate * weight_decay * w on the weights, apart from the loss
    double clip_norm = 0;    ///< the gradients together are scaled down to this norm; 0: they are not
    /// What the gradients of batch norm's offsets are multiplied by: with sgd their learning rate relative to
    /// that of all others (Page, "How to train your ResNet", 2019, has 64).
    double offset_rate = 1;
    moving_average average{.decay = 0}; ///< keep an average of the parameters; evaluations use it
    std::uint64_t seed = 0;             ///< of the dropout masks
};

/// What one training step found.
struct step_result {
    double loss = 0;          ///< mean over the batch, before the update
    bool has_labels = false;  ///< the targets are class labels
    double accuracy = 0;      ///< share of the batch; 0 without labels
    double learning_rate = 0; ///< of the update
    index samples = 0;        ///< in the batch
};

/// Trains a network batch by batch: for loops of one's own. `fit` is made of it.
///
/// It refers to the network and holds all that training needs beside it: the optimizer's memory, the average
/// of the parameters, a workspace. Once it has seen its largest batch, a step allocates nothing.
template <class Network, class Loss, optimizer Optimizer> class trainer {
    static_assert(!std::is_const_v<Network>, "trainer, fit: the network is const, but training changes it");

public:
    using network_type = Network;
    using T = typename Network::value_type;

    /// Throws argument_error when one of the terms is negative or not finite, or an option of the optimizer
    /// is out of its range.
    trainer(Network& net, Loss loss, Optimizer rule, const training_terms& terms = {})
        : m_net(net),
          m_loss(std::move(loss)),
          m_optimizer(std::move(rule)),
          m_terms(terms),
          m_state(static_cast<index>(net.state().size())) {
        check("l2", terms.l2);
        check("weight_decay", terms.weight_decay);
        check("clip_norm", terms.clip_norm);
        check("offset_rate", terms.offset_rate);
        if constexpr (requires { m_optimizer.check(); }) m_optimizer.check();
        const auto size = static_cast<index>(net.values().size());
        for (std::size_t s = 0; s < slots; ++s) {
            m_slots[s] = buffer<T>(size);
            std::fill(m_slots[s].begin(), m_slots[s].end(),
                      static_cast<T>(first_value(m_optimizer, static_cast<int>(s))));
        }
        check("decay of the average", terms.average.decay, 1);
        if (terms.average.is_kept()) {
            m_average = buffer<T>(size);
            std::copy(net.values().begin(), net.values().end(), m_average.begin());
        }
    }

    /// One step: forward, loss, backward, update. Throws argument_error when the batch does not fit the
    /// network or the learning rate is not finite, and divergence_error when the loss or a clipped gradient
    /// is not finite; the parameters, the state, the average and the optimizer's memory are then as they were
    /// before. (Messages count steps from 1, as a progress bar does.)
    template <class Target> step_result step(const data::batch<T, Target>& batch) {
        constexpr bool has_labels = std::is_same_v<Target, label>;
        constexpr index outputs = Network::output_size;
        detail::check_loss<Loss, Network, Target>();
        detail::check_samples<Network>("trainer", batch.sample_shape);
        if (batch.size < 1)
            detail::fail<argument_error>("trainer: a batch needs at least 1 sample, it has ", batch.size);
        const auto targets = detail::targets_of(batch);
        if constexpr (has_labels) detail::check_targets(targets, batch.size, outputs);
        const double rate = m_optimizer.learning_rate(m_step);
        if (!(rate >= 0 && rate <= std::numeric_limits<double>::max()))
            detail::fail<argument_error>("trainer: the learning rate of step ", m_step + 1, " is ",
                                         shown(rate), ", it must be finite and not negative");
        if (m_output.size() < batch.size * outputs) {
            const index room = std::max(batch.size, batch.capacity) * outputs;
            m_output = buffer<T>(room);
            m_gradient = buffer<T>(room);
        }
        const random_source random{m_terms.seed, 0, static_cast<std::uint32_t>(m_step)};

        show_average(false);
        std::copy(m_net.state().begin(), m_net.state().end(), m_state.begin());
        step_result result{.has_labels = has_labels, .learning_rate = rate, .samples = batch.size};
        try {
            m_net.forward_training(batch.x.data(), m_output.data(), batch.size, m_room, random);
            result.loss = m_loss(static_cast<const T*>(m_output.data()), targets, m_gradient.data(),
                                 batch.size, outputs);
            if (!std::isfinite(result.loss)) diverged("loss", result.loss, rate, batch);
            m_net.backward(batch.x.data(), m_output.data(), m_gradient.data(), nullptr, batch.size, m_room,
                           random);
            if constexpr (has_labels) result.accuracy = accuracy(targets, batch.size);
            update_terms terms{.step = m_step,
                               .offset_rate = m_terms.offset_rate,
                               .regularise = {m_terms.l2, m_terms.weight_decay}};
            if (m_terms.average.is_kept()) terms.average_rate = m_terms.average.rate(m_step);
            if (m_terms.clip_norm > 0) {
                const double norm = global_norm(std::as_const(m_net).gradients().data(), spans);
                if (!std::isfinite(norm)) diverged("norm of the gradients", norm, rate, batch);
                terms.gradient_scale = clip_scale(norm, m_terms.clip_norm);
            }
            apply(terms);
        } catch (...) {
            std::copy(m_state.begin(), m_state.end(), m_net.state().begin());
            throw;
        }
        ++m_step;
        return result;
    }

    /// The network on a data set, as strata::evaluate does it, with the averaged parameters if an average is
    /// kept.
    template <class Dataset> evaluation evaluate(const Dataset& data, const evaluate_options& options = {}) {
        const averaged use(*this);
        return detail::evaluate_in(m_room, std::as_const(m_net), data, m_loss, options);
    }

    Network& net() { return m_net; }
    const Loss& loss() const { return m_loss; }
    const Optimizer& optimizer() const { return m_optimizer; }
    const training_terms& terms() const { return m_terms; }
    /// Steps done.
    index steps() const { return m_step; }
    /// Says how many steps parameters, state, average and memory have seen, after copying them from
    /// elsewhere: the next step is then the very one that would have come there.
    void continue_at(index steps) { m_step = steps; }

    /// The parameters that the next step changes, laid out as network::values.
    std::span<T> parameters() { return m_shows_average ? std::span<T>(m_average) : m_net.values(); }
    /// Their average, laid out alike; empty if none is kept.
    std::span<T> average() { return m_shows_average ? m_net.values() : std::span<T>(m_average); }
    /// The optimizer's memory, `slots` arrays laid out alike.
    std::span<buffer<T>> memory() { return m_slots; }

    /// Puts the average, if one is kept, into the network, or takes it out again. A step takes it out by
    /// itself, so that training goes on from the parameters.
    void show_average(bool show = true) {
        if (!m_terms.average.is_kept() || show == m_shows_average) return;
        std::swap_ranges(m_average.begin(), m_average.end(), m_net.values().begin());
        m_shows_average = show;
    }
    /// Shows the average for as long as it lives.
    class averaged {
    public:
        explicit averaged(trainer& owner) : m_owner(owner), m_before(owner.m_shows_average) {
            m_owner.show_average();
        }
        ~averaged() { m_owner.show_average(m_before); }
        averaged(const averaged&) = delete;
        averaged& operator=(const averaged&) = delete;

    private:
        trainer& m_owner;
        bool m_before;
    };

private:
    static constexpr auto slots = static_cast<std::size_t>(Optimizer::slots);
    static constexpr auto spans = Network::spans();

    Network& m_net;
    Loss m_loss;
    Optimizer m_optimizer;
    training_terms m_terms;
    std::array<buffer<T>, slots> m_slots;
    buffer<T> m_average, m_output, m_gradient;
    buffer<T> m_state; ///< the network's before the step at hand
    workspace m_room;
    index m_step = 0;
    bool m_shows_average = false;

    static void check(const char* what, double value, double most = std::numeric_limits<double>::max()) {
        if (!(value >= 0 && value <= most))
            detail::fail<argument_error>("trainer: ", what, " must be in 0 .. ", most, ", got ", value);
    }
    void apply(const update_terms& terms) {
        std::array<T*, slots> memory{};
        for (std::size_t s = 0; s < slots; ++s) memory[s] = m_slots[s].data();
        update(m_optimizer,
               update_buffers<T>{m_net.values().data(), m_net.gradients().data(), memory, spans,
                                 m_terms.average.is_kept() ? m_average.data() : nullptr},
               terms);
    }
    static double shown(double v) { return std::isnan(v) ? std::abs(v) : v; } // not "-nan"
    static bool is_finite(std::span<const T> values) {
        return std::all_of(values.begin(), values.end(), [](T v) { return std::isfinite(v); });
    }
    double accuracy(std::span<const label> labels, index batch) const {
        index right = 0;
        for (index i = 0; i < batch; ++i)
            right += detail::argmax(m_output.data() + i * Network::output_size, Network::output_size)
                     == labels[static_cast<std::size_t>(i)];
        return static_cast<double>(right) / static_cast<double>(batch);
    }

    /// Throws divergence_error, which names the most likely cause.
    template <class Target>
    [[noreturn]] void diverged(const char* what, double value, double rate,
                               const data::batch<T, Target>& batch) const {
        std::string why = "try a smaller rate, or clip_norm";
        const index per_sample = batch.sample_shape.size();
        const T *x = batch.x.data(), *x_end = x + batch.size * per_sample;
        const T* found = std::find_if(x, x_end, [](T v) { return !std::isfinite(v); });
        if (found != x_end)
            why = detail::text("element ", (found - x) % per_sample, " of sample ", (found - x) / per_sample,
                               " of the batch is ", shown(static_cast<double>(*found)));
        else if (!is_finite(m_net.values()))
            why = "parameters are not finite since the step before: " + why;
        detail::fail<divergence_error>("the ", what, " is ", shown(value), " in step ", m_step + 1,
                                       " at learning rate ", rate, ": ", why);
    }
};

} // namespace strata
