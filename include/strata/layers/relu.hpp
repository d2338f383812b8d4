#pragma once

#include <strata/core/simd_math.hpp>
#include <strata/layers/pointwise.hpp>

#include <string_view>

namespace strata {

/// y = max(x, 0) (Nair and Hinton, 2010). The slope at 0 is 0. NaN stays NaN.
struct relu {
    static constexpr std::string_view name = "relu";
    static constexpr bool rectifies = true;
    static constexpr bool slope_by_sign = true;
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return x < 0 ? T(0) : x; }
    template <class T> T slope(T y) const { return y > 0 ? T(1) : T(0); }
    template <class V> V values(const V& x) const { return detail::larger(V(0), x); }
    template <class V> V slopes(const V& y) const { return xsimd::select(y > V(0), V(1), V(0)); }
    template <shape In, class T> struct layer : pointwise<relu, In, T> {};
};

} // namespace strata
