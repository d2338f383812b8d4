#pragma once

#include <strata/layers/pointwise.hpp>

#include <cmath>
#include <string_view>

namespace strata {

/// y = 1 / (1 + exp(-x)).
struct sigmoid {
    static constexpr std::string_view name = "sigmoid";
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return T(1) / (T(1) + std::exp(-x)); }
    template <class T> T slope(T y) const { return y * (T(1) - y); }
    template <shape In, class T> struct layer : pointwise<sigmoid, In, T> {};
};

} // namespace strata
