#pragma once

#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>

#include <concepts>
#include <tuple>

namespace strata {

/// What a user writes for a layer: it knows what comes out of it for a given shape.
template <class S>
concept layer_spec = requires(shape in) {
    { S::output(in) } -> std::same_as<shape>;
};

/// A bound layer runs forward without changing itself: forward(x, y, pass) const.
template <class L, class T>
concept runs_forward = requires(const L& layer, const T* x, T* y, const pass& p) {
    layer.forward(x, y, p);
};

/// A bound layer runs backward: backward(x, y, dy, dx, pass) overwrites dx and its parameters' gradients.
template <class L, class T>
concept runs_backward = requires(L& layer, const T* x, T* dx, const pass& p) {
    layer.backward(x, x, x, dx, p);
};

namespace detail {
struct not_a_pointer {};
} // namespace detail

/// The backward of a bound layer is told by the type of dx that no input gradient is wanted: dx is `auto`.
template <class L, class T>
concept may_skip_input_gradient = requires(L& layer, const T* x, detail::not_a_pointer dx, const pass& p) {
    layer.backward(x, x, x, dx, p);
};

/// A bound layer does something else in training than in inference.
template <class L, class T>
concept runs_training = requires(L& layer, const T* x, T* y, const pass& p) {
    layer.forward_training(x, y, p);
};

/// A pointwise function that a layer in front may apply in its own store: activation(value).
template <class L>
concept activation_layer = requires {
    requires L::is_activation;
};

/// A layer that applies the activation behind it in its own store, in training as in inference.
template <class L, class T, class Activation>
concept takes_activation = requires(L& layer, const L& fixed, const T* x, T* y, const pass& p,
                                    const Activation& activation) {
    fixed.forward(x, y, p, activation);
    requires !runs_training<L, T> || requires {
        layer.forward_training(x, y, p, activation);
    };
};

/// A layer with parameters of its own, in a table.
template <class L>
concept has_parameters = requires {
    L::parameters;
};

/// A layer made of layers: children() is a tuple of references, child_names their names.
template <class L>
concept has_children = requires(L& layer) {
    layer.children();
    L::child_names;
};

namespace detail {

// What a layer leaves out has these values.

template <class L> constexpr bool in_place() {
    if constexpr (requires { L::in_place; })
        return L::in_place;
    else
        return false;
}
/// The output is the input, element by element: nothing has to be computed when both lie in one place.
template <class L> constexpr bool is_view() {
    if constexpr (requires { L::is_view; })
        return L::is_view;
    else
        return false;
}
template <class L> constexpr bool reads_input() {
    if constexpr (requires { L::backward_reads_input; })
        return L::backward_reads_input;
    else
        return true;
}
template <class L> constexpr bool reads_output() {
    if constexpr (requires { L::backward_reads_output; })
        return L::backward_reads_output;
    else
        return true;
}
template <class L> constexpr index multiply_adds() {
    if constexpr (requires { L::multiply_adds; })
        return L::multiply_adds;
    else
        return 0;
}
template <class L> constexpr index memory(extent e) {
    if constexpr (requires { L::memory(e); })
        return aligned(L::memory(e));
    else
        return 0;
}
template <class L> constexpr index scratch(extent e) {
    if constexpr (requires { L::scratch(e); })
        return aligned(L::scratch(e));
    else
        return 0;
}

template <class L> constexpr bool is_trained();
template <class... L> constexpr bool any_is_trained(const std::tuple<L&...>*) {
    return (is_trained<L>() || ...);
}

/// Whether there is anything in the layer for an optimizer to change.
template <class L> constexpr bool is_trained() {
    if constexpr (has_children<L>) {
        using children = decltype(std::declval<L&>().children());
        return any_is_trained(static_cast<const children*>(nullptr));
    } else if constexpr (has_parameters<L>) {
        return std::apply([](const auto&... line) { return ((line.kind != kind::state) || ...); },
                          L::parameters);
    } else {
        return false;
    }
}

} // namespace detail
} // namespace strata
