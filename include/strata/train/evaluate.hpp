#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/tensor.hpp>
#include <strata/data/batches.hpp>
#include <strata/loss/loss.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>
#include <strata/network/network.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>

namespace strata {

/// What a network does on a data set.
struct evaluation {
    double loss = 0;     ///< mean over the samples
    double accuracy = 0; ///< share of the samples whose largest output is their label's; 0 without labels
    double top_k = 0;    ///< share of the samples whose label is among the k largest outputs
    index samples = 0;
    index errors = 0;                    ///< samples whose largest output is another class
    tensor<std::int64_t, 2> confusion{}; ///< (true class, predicted class): counts; empty without labels
};

/// How to evaluate.
struct evaluate_options {
    index batch_size = 500;
    index k = 5; ///< for evaluation::top_k
};

namespace detail {

/// The first of the largest outputs.
template <class T> index argmax(const T* outputs, index count) {
    return std::max_element(outputs, outputs + count) - outputs;
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

/// Memory that evaluating a network needs; kept, so that doing it again allocates nothing but the result.
template <class Network, class Dataset> class evaluator {
public:
    using T = typename Network::value_type;

    template <class Loss>
    evaluation operator()(const Network& net, const Dataset& data, const Loss& loss,
                          const evaluate_options& options) {
        check_loss<Loss, Network, data::batch_target<Dataset, T>>();
        check_samples<Network>("evaluate", data.sample_shape());
        if (data.size() < 1)
            fail<argument_error>("evaluate: the data set has ", data.size(),
                                 " samples, at least 1 is needed");
        data::batches source(data, {.size = options.batch_size, .shuffle = false});
        auto batch = source.template make<T>();
        buffer<T> y(batch.capacity * Network::output_size);

        evaluation result;
        constexpr auto classes = static_cast<std::size_t>(Network::output_size);
        if constexpr (Dataset::target_rank == 1)
            result.confusion = tensor<std::int64_t, 2>::from_shape({classes, classes});
        std::fill(result.confusion.begin(), result.confusion.end(), 0);
        index in_k = 0;
        for (index step = 0; step < source.steps_per_epoch(); ++step) {
            source.fill(step, batch);
            net.forward(batch.x.data(), y.data(), batch.size, m_room);
            using target = data::batch_target<Dataset, T>;
            const std::span<const target> targets(batch.targets.data(),
                                                  static_cast<std::size_t>(batch.size * batch.target_size));
            result.loss += loss(static_cast<const T*>(y.data()), targets, static_cast<T*>(nullptr),
                                batch.size, Network::output_size)
                           * static_cast<double>(batch.size);
            result.samples += batch.size;
            if constexpr (Dataset::target_rank == 1)
                for (index i = 0; i < batch.size; ++i) {
                    const T* const outputs = y.data() + i * Network::output_size;
                    const index truth = batch.targets[i], guess = argmax(outputs, Network::output_size);
                    ++result.confusion(static_cast<std::size_t>(truth), static_cast<std::size_t>(guess));
                    result.errors += guess != truth;
                    in_k += rank_of(outputs, Network::output_size, truth) < options.k;
                }
        }
        const auto n = static_cast<double>(result.samples);
        result.loss /= n;
        if constexpr (Dataset::target_rank == 1) {
            result.accuracy = static_cast<double>(result.samples - result.errors) / n;
            result.top_k = static_cast<double>(in_k) / n;
        }
        return result;
    }

private:
    workspace m_room;
};

} // namespace detail

/// Runs the network over a data set, in inference. Throws argument_error when the samples have another shape
/// than the network takes, when a label is no output of the network, when there are no samples.
template <class Network, class Dataset, class Loss = softmax_cross_entropy>
evaluation evaluate(const Network& net, const Dataset& data, const Loss& loss = {},
                    const evaluate_options& options = {}) {
    return detail::evaluator<Network, Dataset>{}(net, data, loss, options);
}

} // namespace strata
