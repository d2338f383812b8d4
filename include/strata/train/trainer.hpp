#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/error.hpp>
#include <strata/data/batches.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/clip.hpp>
#include <strata/optim/ema.hpp>
#include <strata/optim/update.hpp>
#include <strata/train/evaluate.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace strata {

/// What a training step does beside the loss's gradient and the optimizer's update.
struct training_terms {
    double l2 = 0;           ///< adds l2 / 2 times the sum of w² over the weights to the loss
    double weight_decay = 0; ///< w -= learning_rate * weight_decay * w on the weights, apart from the loss
    double clip_norm = 0;    ///< the gradients together are scaled down to this norm; 0: they are not
    std::optional<moving_average> average{}; ///< keep an average of the parameters; evaluations use it
    std::uint64_t seed = 0;                  ///< of the dropout masks
};

/// What one training step found.
struct step_result {
    double loss = 0;          ///< mean over the batch, before the update
    double accuracy = 0;      ///< share of the batch; 0 without labels
    double learning_rate = 0; ///< of the update
};

/// Trains a network batch by batch: for loops of one's own. `fit` is made of it.
///
/// It refers to the network and holds all that training needs beside it: the optimizer's memory, the average
/// of the parameters, a workspace. Once it has seen its largest batch, a step allocates nothing.
template <class Network, class Loss, optimizer Optimizer> class trainer {
public:
    using network_type = Network;
    using T = typename Network::value_type;

    trainer(Network& net, Loss loss, Optimizer rule, const training_terms& terms = {})
        : m_net(net), m_loss(std::move(loss)), m_optimizer(std::move(rule)), m_terms(terms) {
        const auto size = static_cast<index>(net.values().size());
        for (std::size_t s = 0; s < slots; ++s) {
            m_slots[s] = buffer<T>(size);
            std::fill(m_slots[s].begin(), m_slots[s].end(),
                      static_cast<T>(first_value(m_optimizer, static_cast<int>(s))));
        }
        if (terms.average) {
            m_average = buffer<T>(size);
            std::copy(net.values().begin(), net.values().end(), m_average.begin());
        }
    }

    /// One step: forward, loss, backward, update. Throws argument_error when the batch does not fit the
    /// network, and divergence_error, with the parameters as they were before, when the loss or a clipped
    /// gradient is not finite.
    template <class Target> step_result step(const data::batch<T, Target>& batch) {
        detail::check_loss<Loss, Network, Target>();
        detail::check_samples<Network>("trainer", batch.sample_shape);
        if (batch.size < 1)
            detail::fail<argument_error>("trainer: a batch needs at least 1 sample, it has ", batch.size);
        const index outputs = Network::output_size;
        if (m_output.size() < batch.size * outputs) {
            const index room = std::max(batch.size, batch.capacity) * outputs;
            m_output = buffer<T>(room);
            m_gradient = buffer<T>(room);
        }
        const random_source random{m_terms.seed, 0, static_cast<std::uint32_t>(m_step)};
        const std::span<const Target> targets(batch.targets.data(),
                                              static_cast<std::size_t>(batch.size * batch.target_size));

        step_result result;
        result.learning_rate = m_optimizer.learning_rate(m_step);
        m_net.forward_training(batch.x.data(), m_output.data(), batch.size, m_room, random);
        result.loss =
            m_loss(static_cast<const T*>(m_output.data()), targets, m_gradient.data(), batch.size, outputs);
        if (!std::isfinite(result.loss)) diverged("loss", result.loss, result.learning_rate);
        if constexpr (std::is_same_v<Target, label>) result.accuracy = accuracy(targets, batch.size);
        m_net.backward(batch.x.data(), m_output.data(), m_gradient.data(), nullptr, batch.size, m_room,
                       random);
        apply(result.learning_rate);
        ++m_step;
        return result;
    }

    /// The network on a data set: with the averaged parameters if an average is kept.
    template <class Dataset> evaluation evaluate(const Dataset& data, const evaluate_options& options = {}) {
        const averaged use(*this);
        return strata::evaluate(std::as_const(m_net), data, m_loss, options);
    }

    Network& net() { return m_net; }
    const Loss& loss() const { return m_loss; }
    const Optimizer& optimizer() const { return m_optimizer; }
    const training_terms& terms() const { return m_terms; }
    /// Steps done.
    index steps() const { return m_step; }
    /// The averaged parameters, laid out as the network's; empty if no average is kept.
    std::span<T> average() { return m_average; }
    /// The optimizer's memory, `slots` arrays laid out as the network's parameters.
    std::span<buffer<T>> memory() { return m_slots; }

    /// Exchanges the network's parameters and the average for as long as it lives.
    class averaged {
    public:
        explicit averaged(trainer& owner) : m_owner(owner) { m_owner.swap_average(); }
        ~averaged() { m_owner.swap_average(); }
        averaged(const averaged&) = delete;
        averaged& operator=(const averaged&) = delete;

    private:
        trainer& m_owner;
    };
    /// Copies the average, if one is kept, into the network.
    void keep_average() { std::copy(m_average.begin(), m_average.end(), m_net.values().begin()); }

private:
    static constexpr auto slots = static_cast<std::size_t>(Optimizer::slots);
    static constexpr auto spans = Network::spans();

    Network& m_net;
    Loss m_loss;
    Optimizer m_optimizer;
    training_terms m_terms;
    std::array<buffer<T>, slots> m_slots;
    buffer<T> m_average, m_output, m_gradient;
    workspace m_room;
    index m_step = 0;

    void swap_average() { std::swap_ranges(m_average.begin(), m_average.end(), m_net.values().begin()); }

    void apply(double learning_rate) {
        std::array<T*, slots> memory{};
        for (std::size_t s = 0; s < slots; ++s) memory[s] = m_slots[s].data();
        update_terms terms{.step = m_step, .regularise = {m_terms.l2, m_terms.weight_decay}};
        if (m_terms.average) terms.average_rate = m_terms.average->rate(m_step);
        if (m_terms.clip_norm > 0) {
            const double norm = global_norm(std::as_const(m_net).gradients().data(), spans);
            if (!std::isfinite(norm)) diverged("norm of the gradients", norm, learning_rate);
            terms.gradient_scale = clip_scale(norm, m_terms.clip_norm);
        }
        update(m_optimizer,
               update_buffers<T>{m_net.values().data(), m_net.gradients().data(), memory, spans,
                                 m_terms.average ? m_average.data() : nullptr},
               terms);
    }
    double accuracy(std::span<const label> labels, index batch) const {
        index right = 0;
        for (index i = 0; i < batch; ++i)
            right += detail::argmax(m_output.data() + i * Network::output_size, Network::output_size)
                     == labels[static_cast<std::size_t>(i)];
        return static_cast<double>(right) / static_cast<double>(batch);
    }
    [[noreturn]] void diverged(const char* what, double value, double rate) const {
        detail::fail<divergence_error>("the ", what, " is ", value, " in step ", m_step, " at learning rate ",
                                       rate, ": try a smaller rate, or clip_norm");
    }
};

} // namespace strata
