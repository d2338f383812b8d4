#pragma once

#include <strata/layers/pointwise.hpp>

#include <string_view>

namespace strata {

/// y = x where x > 0, negative_slope * x elsewhere (Maas et al., 2013). negative_slope must be positive.
struct leaky_relu {
    float negative_slope = 0.01f;

    static constexpr std::string_view name = "leaky_relu";
    static constexpr bool rectifies = true;
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return x > 0 ? x : static_cast<T>(negative_slope) * x; }
    template <class T> T slope(T y) const { return y > 0 ? T(1) : static_cast<T>(negative_slope); }
    template <shape In, class T> struct layer : pointwise<leaky_relu, In, T> {};
};

} // namespace strata
