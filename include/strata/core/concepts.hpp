#pragma once

#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

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

/// A layer that can apply the activation behind it in its own store: in inference, and in training as well.
template <class L, class T, class Activation>
concept takes_activation_in_inference = requires(const L& fixed, const T* x, T* y, const pass& p,
                                                 const Activation& activation) {
    fixed.forward(x, y, p, activation);
};
template <class L, class T, class Activation>
concept takes_activation = takes_activation_in_inference<L, T, Activation> &&(
    !runs_training<L,
                   T> || requires(L & layer, const T* x, T* y, const pass& p, const Activation& activation) {
        layer.forward_training(x, y, p, activation);
    });

/// An activation whose slope is known from its output y: slope(y).
template <class Activation, class T>
concept has_slope = requires(const Activation& activation, T y) {
    { activation.slope(y) } -> std::convertible_to<T>;
};

/// A layer that can apply the slope of the activation below it, in front of it, whose output its input is:
/// backward(x, y, dy, dx, pass, below) stores dx * below.slope(x). Nobody then runs backward through the
/// activation. Such a layer reads its input, unless it declares `below_reads_output`: every element of dx
/// that is not 0 has the slope of an element of y (max pooling). That may be a template of the activation.
template <class L, class T, class Below>
concept takes_below = has_slope<Below, T> && requires(L& layer, const T* x, T* dx, const pass& p,
                                                      const Below& below) {
    layer.backward(x, x, x, dx, p, below);
};

/// A layer that computes its input gradient alone: backward_input(x, y, dy, dx, pass) overwrites dx with the
/// gradient of the inference forward, as `frozen` needs it; with `below`, of an activation in front as well.
template <class L, class T, class... Below>
concept gives_input_gradient = requires(L& layer, const T* x, T* dx, const pass& p, const Below&... below) {
    layer.backward_input(x, x, x, dx, p, below...);
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
/// The slope is known from the sign of the output alone, so that one scaled by a positive number does as
/// well.
template <class Activation> constexpr bool slope_by_sign() {
    if constexpr (requires { Activation::slope_by_sign; })
        return Activation::slope_by_sign;
    else
        return false;
}
template <class L, class Below> constexpr bool below_reads_output() {
    if constexpr (requires { std::bool_constant<L::below_reads_output>{}; })
        return L::below_reads_output;
    else if constexpr (requires { L::template below_reads_output<Below>; })
        return L::template below_reads_output<Below>;
    else
        return false;
}
/// What is handed to the neighbour that applies an activation: its function where it has one apart from its
/// shape, so that kernels are compiled once for all shapes.
template <class L> constexpr decltype(auto) function_of(const L& activation) {
    if constexpr (requires { activation.function(); })
        return activation.function();
    else
        return (activation);
}
template <class L> using function_type = std::remove_cvref_t<decltype(function_of(std::declval<L>()))>;

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
        return std::apply([](const auto&... line) { return (is_trainable(line.kind) || ...); },
                          L::parameters);
    } else {
        return false;
    }
}

} // namespace detail
} // namespace strata
