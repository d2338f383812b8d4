#pragma once

#include <strata/core/simd.hpp>
#include <strata/optim/check.hpp>
#include <strata/optim/schedule.hpp>

namespace strata {

/// Adagrad (Duchi, Hazan and Singer, 2011):
///
///     s = s + g²,   w -= learning_rate g / (sqrt(s) + epsilon)
///
/// as PyTorch's Adagrad; s begins at `initial_accumulator`, 0.1 in TensorFlow.
struct adagrad {
    schedule learning_rate = 1e-2;
    double epsilon = 1e-10;
    double initial_accumulator = 0;

    static constexpr int slots = 1;
    double first_value(int) const { return initial_accumulator; }

    template <class T> struct squares {
        static constexpr int slots = 1;
        T rate, epsilon;
        template <class V> void operator()(V& w, const V& g, V& s) const {
            s += g * g;
            w -= rate * g / (detail::square_root(s) + epsilon);
        }
    };

    /// Throws argument_error when an option is out of its range; a trainer asks for it.
    void check() const {
        detail::check_option("adagrad", "epsilon", epsilon);
        detail::check_option("adagrad", "initial_accumulator", initial_accumulator);
    }

    /// The update of one element in step `step`, which counts from 0.
    template <class T> squares<T> rule(index step) const {
        return {static_cast<T>(learning_rate(step)), static_cast<T>(epsilon)};
    }
};

} // namespace strata
