#pragma once

#include <strata/core/simd.hpp>
#include <strata/optim/check.hpp>
#include <strata/optim/schedule.hpp>

namespace strata {

/// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1): with t = step + 1,
///
///     m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g²
///     w -= learning_rate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// as PyTorch's Adam. (TensorFlow adds its epsilon to sqrt(v) before the correction.)
struct adam {
    schedule learning_rate = 1e-3;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

    static constexpr int slots = 2;

    template <class T> struct moments {
        static constexpr int slots = 2;
        T rate, beta1, rest1, beta2, rest2, root_correction, epsilon;
        template <class V> void operator()(V& w, const V& g, V& m, V& v) const {
            m = beta1 * m + rest1 * g;
            v = beta2 * v + rest2 * g * g;
            w -= rate * m / (detail::square_root(v) * root_correction + epsilon);
        }
    };

    /// Throws argument_error when an option is out of its range; a trainer asks for it.
    void check() const {
        detail::check_share("adam", "beta1", beta1);
        detail::check_share("adam", "beta2", beta2);
        detail::check_option("adam", "epsilon", epsilon);
    }

    /// The update of one element in step `step`, which counts from 0; the powers of beta are taken once here.
    template <class T> moments<T> rule(index step) const {
        const auto t = static_cast<double>(step + 1);
        const double rate = learning_rate(step) / (1 - std::pow(beta1, t));
        const double correction = 1 / std::sqrt(1 - std::pow(beta2, t));
        const auto as_t = [](double value) { return static_cast<T>(value); };
        return {as_t(rate),      as_t(beta1),      as_t(1 - beta1), as_t(beta2),
                as_t(1 - beta2), as_t(correction), as_t(epsilon)};
    }
};

/// Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019),
/// on parameters of kind::weight only: w -= learning_rate weight_decay w, then Adam's update.
struct adamw {
    schedule learning_rate = 1e-3;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    double weight_decay = 1e-2;

    static constexpr int slots = adam::slots;

    /// Throws argument_error when an option is out of its range; a trainer asks for it.
    void check() const {
        detail::check_share("adamw", "beta1", beta1);
        detail::check_share("adamw", "beta2", beta2);
        detail::check_option("adamw", "epsilon", epsilon);
        detail::check_option("adamw", "weight_decay", weight_decay);
    }

    /// The update of one element in step `step`, which counts from 0.
    template <class T> adam::moments<T> rule(index step) const {
        return adam{learning_rate, beta1, beta2, epsilon}.rule<T>(step);
    }
};

} // namespace strata
