#pragma once

#include <strata/core/simd_math.hpp>
#include <strata/layers/pointwise.hpp>

#include <string_view>

namespace strata {

/// y = 1 / (1 + exp(-x)).
struct sigmoid {
    static constexpr std::string_view name = "sigmoid";
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return detail::value_by_vector(*this, x); }
    template <class T> T slope(T y) const { return y * (T(1) - y); }
    template <class V> V values(const V& x) const { return detail::logistic(x); }
    template <class V> V slopes(const V& y) const { return y * (V(1) - y); }
    template <shape In, class T> struct layer : pointwise<sigmoid, In, T> {};
};

} // namespace strata
