#pragma once

#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/kernels/normalise.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace strata {

/// The options of batch_norm: batch_norm<norm{.scale = false}>.
struct norm {
    bool scale = true, offset = true;
};

/// How fast the running statistics of batch_norm move: running += a (batch - running), where in the update
/// number t = 0, 1, 2, ...
enum class running_average {
    plain,        ///< a = 1 - momentum
    num_updates,  ///< a = 1 - min(momentum, (1 + t) / (10 + t)), TensorFlow's ExponentialMovingAverage with
                  ///< num_updates: fast at first
    zero_debiased ///< a = (1 - momentum) / (1 - momentum^(t + 1)), TensorFlow's assign_moving_average: the
                  ///< mean of what has been seen, weighted by age; the first values do not count
};

/// y = scale (x - mean) / sqrt(variance + epsilon) + offset, channel by channel; in training with the mean
/// and variance of the batch over all samples and pixels, in inference with their running averages. For flat
/// samples and images. Ioffe and Szegedy, "Batch normalization", 2015.
///
/// The batch is normalised by its variance divided by n; the running variance averages the unbiased one,
/// divided by n - 1, as PyTorch and TensorFlow's fused operation do (a batch of a single number has variance
/// 0).
template <norm Options = norm{}> struct batch_norm {
    float momentum =
        0.99f;             ///< the part of the running average that is kept: Keras' convention, 1 - PyTorch's
    float epsilon = 1e-3f; ///< added to the variance: TensorFlow's and Keras' value; PyTorch's is 1e-5
    running_average average = running_average::plain;

    static constexpr std::string_view name = "batch_norm";
    static constexpr shape output(shape in) { return in; }

    /// The weight of the batch in update number t.
    double step(double t) const {
        const double kept = static_cast<double>(momentum);
        switch (average) {
        case running_average::num_updates:
            return 1 - std::min(kept, (1 + t) / (10 + t));
        case running_average::zero_debiased:
            return kept < 1 ? (1 - kept) / (1 - std::pow(kept, t + 1)) : 0;
        case running_average::plain:
            break;
        }
        return 1 - kept;
    }

    template <shape In, class T> struct layer {
        batch_norm spec;
        parameter<T, 1> scale{}, offset{};
        parameter<T, 1> running_mean{}, running_variance{}, updates{};

        static constexpr index channels = In.channels;
        static constexpr auto parameters = [] {
            const auto trained = [] {
                const std::tuple s{starts_at(1.f, "scale", &layer::scale, extents(channels), kind::scale)};
                const std::tuple o{starts_at(0.f, "offset", &layer::offset, extents(channels), kind::offset)};
                if constexpr (Options.scale && Options.offset)
                    return std::tuple_cat(s, o);
                else if constexpr (Options.scale)
                    return s;
                else if constexpr (Options.offset)
                    return o;
                else
                    return std::tuple{};
            }();
            return std::tuple_cat(
                trained, std::tuple{starts_at(0.f, "running_mean", &layer::running_mean, extents(channels),
                                              kind::state),
                                    starts_at(1.f, "running_variance", &layer::running_variance,
                                              extents(channels), kind::state),
                                    starts_at(0.f, "updates", &layer::updates, extents(1), kind::state)});
        }();
        static constexpr bool backward_reads_output = false;
        /// The batch's mean and the inverse of its deviation.
        static constexpr index memory(extent) { return 2 * bytes_of<T>(channels); }
        static constexpr index scratch(extent e) {
            return 2 * bytes_of<T>(channels) + normalise_scratch<T>(rows(e), channels);
        }

        template <class Activation = no_activation>
        void forward(const T* x, T* y, const pass& p, const Activation& activation = {}) const {
            arena room(p.scratch);
            T *const inverse = room.take<T>(channels), *const gain = room.take<T>(channels);
            invert(inverse, running_variance.value.data());
            normalise(y, x, running_mean.value.data(), inverse, scale_values(), offset_values(), rows(p),
                      channels, gain, activation);
        }

        template <class Activation = no_activation>
        void forward_training(const T* x, T* y, const pass& p, const Activation& activation = {}) {
            arena kept(p.memory), room(p.scratch);
            T *const mean = kept.take<T>(channels), *const inverse = kept.take<T>(channels);
            T *const variance = room.take<T>(channels), *const gain = room.take<T>(channels);
            batch_statistics(mean, variance, x, rows(p), channels, room.rest());
            update(mean, variance, rows(p));
            invert(inverse, variance);
            normalise(y, x, mean, inverse, scale_values(), offset_values(), rows(p), channels, gain,
                      activation);
        }

        template <class Below = no_activation>
        void backward(const T* x, const T*, const T* dy, auto dx, const pass& p, const Below& below = {}) {
            arena kept(p.memory), room(p.scratch);
            const T* const mean = kept.take<T>(channels);
            const T* const inverse = kept.take<T>(channels);
            T *const dscale = room.take<T>(channels), *const doffset = room.take<T>(channels);
            T* to = nullptr;
            if constexpr (!std::is_null_pointer_v<decltype(dx)>) to = dx;
            normalise_backward(to, dscale, doffset, x, dy, mean, inverse, scale_values(), rows(p), channels,
                               room.rest(), below);
            if constexpr (Options.scale) std::copy_n(dscale, channels, scale.gradient.data());
            if constexpr (Options.offset) std::copy_n(doffset, channels, offset.gradient.data());
        }

        /// Of inference, where mean and deviation do not depend on x: dx = scale / deviation dy.
        static constexpr bool backward_input_reads_input = false;
        void backward_input(const T*, const T*, const T* dy, T* dx, const pass& p) const {
            arena room(p.scratch);
            T *const inverse = room.take<T>(channels), *const gain = room.take<T>(channels);
            T* const zero = room.take<T>(channels);
            std::fill_n(zero, channels, T(0));
            invert(inverse, running_variance.value.data());
            normalise(dx, dy, zero, inverse, scale_values(), static_cast<const T*>(nullptr), rows(p),
                      channels, gain, no_activation{});
        }

    private:
        static constexpr index rows(const extent& e) { return e.batch * In.pixels(); }
        const T* scale_values() const { return Options.scale ? scale.value.data() : nullptr; }
        const T* offset_values() const { return Options.offset ? offset.value.data() : nullptr; }

        void invert(T* inverse, const T* variance) const {
            for (index c = 0; c < channels; ++c)
                inverse[c] = T(1) / std::sqrt(variance[c] + static_cast<T>(spec.epsilon));
        }

        /// Moves the running statistics towards those of a batch of n numbers per channel.
        void update(const T* mean, const T* variance, index n) {
            T& t = updates.value.data()[0];
            const auto a = static_cast<T>(spec.step(static_cast<double>(t)));
            const T unbiased = n > 1 ? static_cast<T>(n) / static_cast<T>(n - 1) : T(1);
            T *const m = running_mean.value.data(), *const v = running_variance.value.data();
            for (index c = 0; c < channels; ++c) {
                m[c] += a * (mean[c] - m[c]);
                v[c] += a * (unbiased * variance[c] - v[c]);
            }
            t += 1;
        }
    };
};

} // namespace strata
