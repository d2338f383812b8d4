#pragma once

#include <strata/core/initialiser.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/tensor.hpp>

#include <memory>
#include <string_view>

namespace strata {

/// What a parameter is for: L2 and weight decay touch only weights, optimizers only what is trainable. State
/// (a running statistic, a count) and what is frozen are saved with the network and never trained.
enum class kind { weight, bias, scale, offset, state, frozen };

constexpr bool is_trainable(kind k) {
    return k != kind::state && k != kind::frozen;
}

/// Where a parameter lies in the flat buffers, and what it is for.
struct parameter_span {
    index begin = 0, size = 0;
    kind what = kind::weight;
};

/// Connections into and out of one unit, for the initialisers.
struct fan {
    index in = 1, out = 1;
};

/// A parameter of a layer: two views of rank N into the network's flat buffers. What is not trained has
/// no gradient.
template <class T, std::size_t N> struct parameter {
    tensor_view<T, N> value = empty(), gradient = empty();

    /// Points the views at the parameter's place in the flat buffers.
    void bind(T* values, T* gradients, const extents& sizes) {
        std::array<index, N> n{};
        for (std::size_t i = 0; i < N; ++i) n[i] = sizes.sizes[i];
        rebind(value, values, n);
        if (gradients) rebind(gradient, gradients, n);
    }

private:
    static tensor_view<T, N> empty() { return view<T, N>(nullptr, {}); }
    /// Assigning to a view would write through it, so it is made anew.
    static void rebind(tensor_view<T, N>& old, T* data, const std::array<index, N>& sizes) {
        std::destroy_at(&old);
        std::construct_at(&old, view<T, N>(data, sizes));
    }
};

/// One line of a layer's table of parameters: all that is needed to place, initialise, update, save and print
/// it.
template <class Layer, class Spec, class T, std::size_t N> struct parameter_line {
    std::string_view name;
    parameter<T, N> Layer::*member;
    extents sizes;
    strata::kind kind;
    initialiser Spec::*init = nullptr; ///< null: the constant below
    float first_value = 0;
    strata::fan fan{};
};

/// A parameter whose initialiser is an option of the layer's specification.
template <class Layer, class Spec, class T, std::size_t N>
constexpr auto trainable(std::string_view name, parameter<T, N> Layer::*member, extents sizes, kind what,
                         initialiser Spec::*init, fan f = {}) {
    return parameter_line<Layer, Spec, T, N>{name, member, sizes, what, init, 0, f};
}

/// A parameter that begins at one value: a scale at 1, a running mean at 0.
template <class Layer, class T, std::size_t N>
constexpr auto starts_at(float value, std::string_view name, parameter<T, N> Layer::*member, extents sizes,
                         kind what) {
    return parameter_line<Layer, Layer, T, N>{name, member, sizes, what, nullptr, value, {}};
}

} // namespace strata
