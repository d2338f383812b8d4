#pragma once

#include <strata/layers/flatten.hpp>

#include <string_view>

namespace strata {

/// y = x: the shortcut of a residual block. Between two layers it keeps them from being fused.
struct identity {
    static constexpr std::string_view name = "identity";
    static constexpr shape output(shape in) { return in; }
    template <shape In, class T> struct layer : detail::view_layer<In, T> {};
};

} // namespace strata
