#pragma once

#include <strata/layers/pointwise.hpp>

#include <string_view>

namespace strata {

/// y = factor x. Behind the last layer it sets how sure of itself a softmax is at first.
struct scale {
    float factor = 1;

    static constexpr std::string_view name = "scale";
    static constexpr bool slope_by_sign = true; // by nothing at all
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return static_cast<T>(factor) * x; }
    template <class T> T slope(T) const { return static_cast<T>(factor); }
    template <class V> V values(const V& x) const { return slopes(x) * x; }
    template <class V> V slopes(const V&) const { return V(static_cast<typename V::value_type>(factor)); }

    template <shape In, class T> struct layer : pointwise<scale, In, T> {
        static constexpr bool backward_reads_output = false;
    };
};

} // namespace strata
