#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/tensor.hpp>
#include <strata/data/batches.hpp>
#include <strata/loss/loss.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>
#include <strata/network/workspace.hpp>
#include <strata/train/test_time.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

namespace strata {

/// What a network does on a data set.
struct evaluation {
    double loss = 0;         ///< mean over the samples
    bool has_labels = false; ///< the targets are class labels; without them accuracy and all below stay empty
    double accuracy = 0;     ///< share of the samples whose largest output is their label's
    double top_k = 0;        ///< share of the samples whose label is among the k largest outputs
    index samples = 0;
    index errors = 0; ///< samples whose largest output is another class, or which have an output that is NaN
    /// (true class, predicted class): counts. A sample with an output that is NaN is in no column.
    tensor<std::int64_t, 2> confusion{};

    /// Higher accuracy; where there are no labels, lower loss. NaN is worse than any number.
    bool better_than(const evaluation& other) const {
        if (has_labels) return accuracy > other.accuracy;
        return loss < other.loss || (std::isnan(other.loss) && !std::isnan(loss));
    }
};

/// How to evaluate.
struct evaluate_options {
    index batch_size = 500;
    index k = 5;         ///< for evaluation::top_k
    test_time augment{}; ///< average the outputs of several views of every sample
};

namespace detail {

/// The first of the largest outputs, or -1 if one of them is NaN.
template <class T> index argmax(const T* outputs, index count) {
    index best = 0;
    for (index i = 0; i < count; ++i) {
        if (std::isnan(outputs[i])) return -1;
        if (outputs[i] > outputs[best]) best = i;
    }
    return best;
}

/// How many of the outputs come before output `label` in descending order, the earlier of two equal ones
/// first.
template <class T> index rank_of(const T* outputs, index count, index label) {
    index rank = 0;
    for (index i = 0; i < count; ++i)
        rank += outputs[i] > outputs[label] || (i < label && outputs[i] == outputs[label]);
    return rank;
}

/// Throws argument_error unless samples of this shape can go into the network. A flat network takes images as
/// (height, width, channels) in one row.
template <class Network> void check_samples(const char* who, const shape& got) {
    constexpr shape need = Network::input_shape;
    if (got == need || (need.is_flat() && got.size() == need.size())) return;
    fail<argument_error>(who, ": the network takes samples of ", need, ", the data has ", got);
}

/// The error messages of a loss that does not fit a network, while it compiles.
template <class Loss, class Network, class Target> constexpr void check_loss() {
    if constexpr (requires { Loss::template fits<Network::output_shape>(); })
        static_assert(Loss::template fits<Network::output_shape>());
    if constexpr (requires { Loss::accepts_labels; } && std::is_same_v<Target, label>)
        static_assert(Loss::accepts_labels,
                      "this loss expects rows of real targets, the data set has class labels: use "
                      "softmax_cross_entropy or hinge, or give the data set rows of targets");
    if constexpr (requires { Loss::accepts_rows; } && !std::is_same_v<Target, label>)
        static_assert(Loss::accepts_rows,
                      "this loss expects class labels, the data set has rows of real targets");
}

/// The targets of a batch.
template <class T, class Target> std::span<const Target> targets_of(const data::batch<T, Target>& batch) {
    return {batch.targets.data(), static_cast<std::size_t>(batch.size * batch.target_size)};
}

/// `evaluate` in a workspace that is there already.
template <class Network, class Dataset, class Loss>
evaluation evaluate_in(workspace& room, const Network& net, const Dataset& data, const Loss& loss,
                       const evaluate_options& options) {
    using T = typename Network::value_type;
    using target = data::batch_target<Dataset, T>;
    constexpr index outputs = Network::output_size;
    check_loss<Loss, Network, target>();
    check_samples<Network>("evaluate", data.sample_shape());
    if (data.size() < 1)
        fail<argument_error>("evaluate: the data set has ", data.size(), " samples, at least 1 is needed");
    if (options.k < 1) fail<argument_error>("evaluate: top_k with k = ", options.k, ", at least 1 is needed");
    data::batches source(data, {.size = options.batch_size, .shuffle = false});
    auto batch = source.template make<T>();
    buffer<T> y(batch.capacity * outputs);
    std::optional<averaged_views<T>> views;
    if (options.augment.is_used())
        views.emplace(options.augment, data.sample_shape(), outputs, batch.capacity);

    evaluation result;
    result.has_labels = std::is_same_v<target, label>;
    if constexpr (std::is_same_v<target, label>) {
        constexpr auto classes = static_cast<std::size_t>(outputs);
        result.confusion = tensor<std::int64_t, 2>::from_shape({classes, classes});
        std::fill(result.confusion.begin(), result.confusion.end(), 0);
    }
    index in_k = 0;
    for (index step = 0; step < source.steps_per_epoch(); ++step) {
        source.fill(step, batch);
        const auto targets = targets_of(batch);
        if constexpr (std::is_same_v<target, label>) check_targets(targets, batch.size, outputs);
        const auto forward = [&](const T* x, T* to) { net.forward(x, to, batch.size, room); };
        if (views)
            (*views)(batch.x.data(), y.data(), batch.size, forward);
        else
            forward(batch.x.data(), y.data());
        result.loss +=
            loss(static_cast<const T*>(y.data()), targets, static_cast<T*>(nullptr), batch.size, outputs)
            * static_cast<double>(batch.size);
        result.samples += batch.size;
        if constexpr (std::is_same_v<target, label>)
            for (index i = 0; i < batch.size; ++i) {
                const T* const z = y.data() + i * outputs;
                const index truth = batch.targets[i], guess = argmax(z, outputs);
                result.errors += guess != truth;
                if (guess < 0) continue;
                ++result.confusion(static_cast<std::size_t>(truth), static_cast<std::size_t>(guess));
                in_k += rank_of(z, outputs, truth) < options.k;
            }
    }
    const auto n = static_cast<double>(result.samples);
    result.loss /= n;
    if (result.has_labels) {
        result.accuracy = static_cast<double>(result.samples - result.errors) / n;
        result.top_k = static_cast<double>(in_k) / n;
    }
    return result;
}

} // namespace detail

/// Runs the network over a data set, in inference. Throws argument_error when the samples have another shape
/// than the network takes, when a label is no output of the network, when there are no samples or an option
/// is out of range.
template <class Network, class Dataset, class Loss>
evaluation evaluate(const Network& net, const Dataset& data, const Loss& loss,
                    const evaluate_options& options = {}) {
    workspace room;
    return detail::evaluate_in(room, net, data, loss, options);
}

/// The same for class labels, with softmax_cross_entropy as the loss.
template <class Network, class Dataset> evaluation evaluate(const Network& net, const Dataset& data) {
    static_assert(Dataset::target_rank == 1,
                  "evaluate: which loss? The data set has rows of real targets: evaluate(net, data, "
                  "mean_squared_error{})");
    return evaluate(net, data, softmax_cross_entropy{});
}

} // namespace strata
