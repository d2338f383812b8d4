#pragma once

#include <strata/core/simd_math.hpp>
#include <strata/layers/pointwise.hpp>

#include <string_view>

namespace strata {

/// y = x where x > 0, negative_slope * x elsewhere (Maas et al., 2013). negative_slope must be positive.
struct leaky_relu {
    float negative_slope = 0.01f;

    static constexpr std::string_view name = "leaky_relu";
    static constexpr bool rectifies = true;
    static constexpr bool slope_by_sign = true;
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return x > 0 ? x : static_cast<T>(negative_slope) * x; }
    template <class T> T slope(T y) const { return y > 0 ? T(1) : static_cast<T>(negative_slope); }
    template <class V> V values(const V& x) const { return xsimd::select(x > V(0), x, leak<V>() * x); }
    template <class V> V slopes(const V& y) const { return xsimd::select(y > V(0), V(1), leak<V>()); }
    template <shape In, class T> struct layer : pointwise<leaky_relu, In, T> {};

private:
    template <class V> V leak() const { return V(static_cast<typename V::value_type>(negative_slope)); }
};

} // namespace strata
