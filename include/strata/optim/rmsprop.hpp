#pragma once

#include <strata/core/simd.hpp>
#include <strata/optim/check.hpp>
#include <strata/optim/schedule.hpp>

#include <variant>

namespace strata {

/// RMSprop (Tieleman and Hinton, Coursera lecture 6.5, 2012):
///
///     s = decay s + (1 - decay) g²
///     w -= learning_rate g / (sqrt(s) + epsilon)        or, epsilon_inside_root: g / sqrt(s + epsilon)
///     with momentum:   b = momentum b + g / (...),   w -= learning_rate b
///
/// Outside the root is PyTorch's place for epsilon, inside TensorFlow's. s begins at `initial_square`:
/// PyTorch and TensorFlow 2 begin at 0, TensorFlow 1 at 1.
struct rmsprop {
    schedule learning_rate = 1e-3;
    double decay = 0.9, epsilon = 1e-8;
    bool epsilon_inside_root = false;
    double momentum = 0;
    double initial_square = 0;

    static constexpr int slots = 2;
    double first_value(int slot) const { return slot == 0 ? initial_square : 0; }

    template <class T> struct plain {
        static constexpr int slots = 1;
        T rate, decay, rest, inside, outside;
        template <class V> void operator()(V& w, const V& g, V& s) const {
            s = decay * s + rest * g * g;
            w -= rate * g / (detail::square_root(s + inside) + outside);
        }
    };
    template <class T> struct heavy_ball {
        static constexpr int slots = 2;
        T rate, decay, rest, inside, outside, momentum;
        template <class V> void operator()(V& w, const V& g, V& s, V& b) const {
            s = decay * s + rest * g * g;
            b = momentum * b + g / (detail::square_root(s + inside) + outside);
            w -= rate * b;
        }
    };

    /// Throws argument_error when an option is out of its range; a trainer asks for it.
    void check() const {
        detail::check_option("rmsprop", "decay", decay, 1);
        detail::check_option("rmsprop", "epsilon", epsilon);
        detail::check_option("rmsprop", "momentum", momentum, 1);
        detail::check_option("rmsprop", "initial_square", initial_square);
    }

    /// The update of one element in step `step`, which counts from 0.
    template <class T> std::variant<plain<T>, heavy_ball<T>> rule(index step) const {
        const auto rate = static_cast<T>(learning_rate(step));
        const auto old = static_cast<T>(decay), rest = static_cast<T>(1 - decay);
        const auto inside = static_cast<T>(epsilon_inside_root ? epsilon : 0);
        const auto outside = static_cast<T>(epsilon_inside_root ? 0 : epsilon);
        if (momentum == 0) return plain<T>{rate, old, rest, inside, outside};
        return heavy_ball<T>{rate, old, rest, inside, outside, static_cast<T>(momentum)};
    }
};

} // namespace strata
