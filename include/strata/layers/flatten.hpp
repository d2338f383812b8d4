#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>

#include <algorithm>
#include <string_view>

namespace strata {

namespace detail {

/// A layer that hands its elements on as they are: nothing to do where input and output lie in one place.
template <shape In, class T> struct view_layer {
    static constexpr bool is_view = true;
    static constexpr bool in_place = true;
    static constexpr bool backward_reads_input = false;
    static constexpr bool backward_reads_output = false;

    void forward(const T* x, T* y, const pass& p) const {
        if (x != y) std::copy_n(x, p.batch * In.size(), y);
    }
    void backward(const T*, const T*, const T* dy, T* dx, const pass& p) const {
        if (dx != dy) std::copy_n(dy, p.batch * In.size(), dx);
    }
};

} // namespace detail

/// An image becomes a flat sample, in the order (height, width, channels). Costs nothing: the bytes stay.
struct flatten {
    static constexpr std::string_view name = "flatten";
    static constexpr shape output(shape in) { return {1, 1, in.size()}; }
    template <shape In, class T> struct layer : detail::view_layer<In, T> {};
};

} // namespace strata
