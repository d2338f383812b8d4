#pragma once

#include <strata/layers/pointwise.hpp>

#include <cmath>
#include <string_view>

namespace strata {

/// y = tanh(x). Written strata::tanh: with a using-directive the plain name also means the function of
/// <cmath>.
struct tanh {
    static constexpr std::string_view name = "tanh";
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return std::tanh(x); }
    template <class T> T slope(T y) const { return T(1) - y * y; }
    template <shape In, class T> struct layer : pointwise<tanh, In, T> {};
};

} // namespace strata
