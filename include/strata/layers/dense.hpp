#pragma once

#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/kernels/dense.hpp>

#include <string_view>
#include <tuple>
#include <type_traits>

namespace strata {

/// Whether a dense layer adds a bias.
enum class bias_term { present, absent };
inline constexpr bias_term with_bias = bias_term::present;
/// For a layer whose bias would be lost in the batch norm behind it: dense<200, no_bias>.
inline constexpr bias_term no_bias = bias_term::absent;

/// y = x W + b, x (batch, features), W (features, Units), b (Units).
template <index Units, bias_term Bias = with_bias> struct dense {
    initialiser weight_init = automatic{}, bias_init = constant{0};

    static constexpr std::string_view name = "dense";
    static constexpr shape output(shape) { return {1, 1, Units}; }

    template <shape In, class T> struct layer {
        static_assert(Units > 0, "dense: the number of units must be positive");
        static_assert(In.is_flat(),
                      "dense expects a flat input: put flatten or global_average_pool before it");

        dense spec;
        parameter<T, 2> weight{};
        parameter<T, 1> bias{};

        static constexpr index features = In.channels;
        static constexpr auto parameters = [] {
            const auto w = trainable("weight", &layer::weight, extents(features, Units), kind::weight,
                                     &dense::weight_init, fan{features, Units});
            if constexpr (Bias == with_bias)
                return std::tuple{
                    w, trainable("bias", &layer::bias, extents(Units), kind::bias, &dense::bias_init)};
            else
                return std::tuple{w};
        }();
        static constexpr index multiply_adds = features * Units;
        static constexpr bool backward_reads_output = false;

        static constexpr dense_sizes sizes(index batch) { return {batch, features, Units}; }
        static constexpr index scratch(extent e) {
            return dense_scratch<T>(sizes(e.batch), e.threads, e.training);
        }

        template <class Activation = no_activation>
        void forward(const T* x, T* y, const pass& p, const Activation& activation = {}) const {
            const T* const b = Bias == with_bias ? bias.value.data() : nullptr;
            dense_forward(y, x, weight.value.data(), b, sizes(p.batch), p.threads, p.scratch, activation);
        }

        /// dW = x' dy, db = sum of dy over the batch, dx = dy W' below.slope(x)
        template <class Below = no_activation>
        void backward(const T* x, const T*, const T* dy, auto dx, const pass& p, const Below& below = {}) {
            T* const db = Bias == with_bias ? bias.gradient.data() : nullptr;
            dense_backward_weights(weight.gradient.data(), db, x, dy, sizes(p.batch), p.threads, p.scratch);
            if constexpr (!std::is_null_pointer_v<decltype(dx)>) backward_input(x, nullptr, dy, dx, p, below);
        }
        static constexpr bool backward_input_reads_input = false;
        template <class Below = no_activation>
        void backward_input(const T* x, const T*, const T* dy, T* dx, const pass& p,
                            const Below& below = {}) const {
            dense_backward_data(dx, dy, weight.value.data(), sizes(p.batch), p.threads, p.scratch, x, below);
        }
    };
};

} // namespace strata
