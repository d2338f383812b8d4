#pragma once

#include <strata/core/simd_math.hpp>
#include <strata/layers/pointwise.hpp>

#include <string_view>

namespace strata {

/// y = tanh(x). Written strata::tanh: with a using-directive the plain name also means the function of
/// <cmath>.
struct tanh {
    static constexpr std::string_view name = "tanh";
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return detail::value_by_vector(*this, x); }
    template <class T> T slope(T y) const { return T(1) - y * y; }
    template <class V> V values(const V& x) const { return detail::hyperbolic_tangent(x); }
    template <class V> V slopes(const V& y) const { return xsimd::fnma(y, y, V(1)); }
    template <shape In, class T> struct layer : pointwise<tanh, In, T> {};
};

} // namespace strata
