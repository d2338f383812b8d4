#pragma once

#include <strata/core/simd.hpp>
#include <strata/optim/check.hpp>
#include <strata/optim/schedule.hpp>

namespace strata {

/// Adadelta (Zeiler, "ADADELTA: an adaptive learning rate method", 2012, algorithm 1, times a learning rate):
///
///     s = decay s + (1 - decay) g²,   d = g sqrt(a + epsilon) / sqrt(s + epsilon)
///     a = decay a + (1 - decay) d²,   w -= learning_rate d
struct adadelta {
    schedule learning_rate = 1;
    double decay = 0.9, epsilon = 1e-6;

    static constexpr int slots = 2;

    template <class T> struct squares {
        static constexpr int slots = 2;
        T rate, decay, rest, epsilon;
        template <class V> void operator()(V& w, const V& g, V& s, V& a) const {
            s = decay * s + rest * g * g;
            const V d = g * detail::square_root(a + epsilon) / detail::square_root(s + epsilon);
            a = decay * a + rest * d * d;
            w -= rate * d;
        }
    };

    /// Throws argument_error when an option is out of its range; a trainer asks for it.
    void check() const {
        detail::check_option("adadelta", "decay", decay, 1);
        detail::check_option("adadelta", "epsilon", epsilon);
    }

    /// The update of one element in step `step`, which counts from 0.
    template <class T> squares<T> rule(index step) const {
        return {static_cast<T>(learning_rate(step)), static_cast<T>(decay), static_cast<T>(1 - decay),
                static_cast<T>(epsilon)};
    }
};

} // namespace strata
