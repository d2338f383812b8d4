#pragma once

#include <strata/layers/pointwise.hpp>

#include <cmath>
#include <string_view>

namespace strata {

/// y = x where x > 0, alpha (exp(x) - 1) elsewhere (Clevert et al., 2016). alpha must be positive.
struct elu {
    float alpha = 1;

    static constexpr std::string_view name = "elu";
    static constexpr bool rectifies = true;
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return x > 0 ? x : static_cast<T>(alpha) * std::expm1(x); }
    template <class T> T slope(T y) const { return y > 0 ? T(1) : y + static_cast<T>(alpha); }
    template <shape In, class T> struct layer : pointwise<elu, In, T> {};
};

} // namespace strata
