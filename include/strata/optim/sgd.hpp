#pragma once

#include <strata/optim/check.hpp>
#include <strata/optim/schedule.hpp>

#include <variant>

namespace strata {

/// Stochastic gradient descent:
///
///     w -= learning_rate g
///     with momentum:   s = momentum s + g,   w -= learning_rate s
///     with nesterov:   s = momentum s + g,   w -= learning_rate (g + momentum s)
///
/// as PyTorch's SGD (Sutskever et al., 2013, rearranged so that the learning rate stays outside the sum).
struct sgd {
    schedule learning_rate = 1e-2;
    double momentum = 0;
    bool nesterov = false;

    static constexpr int slots = 1;

    template <class T> struct plain {
        static constexpr int slots = 0;
        T rate;
        template <class V> void operator()(V& w, const V& g) const { w -= rate * g; }
    };
    template <class T> struct heavy_ball {
        static constexpr int slots = 1;
        T rate, momentum, share_of_gradient, share_of_sum;
        template <class V> void operator()(V& w, const V& g, V& s) const {
            s = momentum * s + g;
            w -= rate * (share_of_gradient * g + share_of_sum * s);
        }
    };

    /// Throws argument_error when an option is out of its range; a trainer asks for it.
    void check() const { detail::check_option("sgd", "momentum", momentum, 1); }

    /// The update of one element in step `step`, which counts from 0.
    template <class T> std::variant<plain<T>, heavy_ball<T>> rule(index step) const {
        const auto rate = static_cast<T>(learning_rate(step)), m = static_cast<T>(momentum);
        if (momentum == 0) return plain<T>{rate};
        return nesterov ? heavy_ball<T>{rate, m, 1, m} : heavy_ball<T>{rate, m, 0, 1};
    }
};

} // namespace strata
