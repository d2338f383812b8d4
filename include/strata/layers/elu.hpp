#pragma once

#include <strata/core/simd_math.hpp>
#include <strata/layers/pointwise.hpp>

#include <string_view>

namespace strata {

/// y = x where x > 0, alpha (exp(x) - 1) elsewhere (Clevert et al., 2016). alpha must be positive.
struct elu {
    float alpha = 1;

    static constexpr std::string_view name = "elu";
    static constexpr bool rectifies = true;
    static constexpr shape output(shape in) { return in; }

    template <class T> T value(T x) const { return detail::value_by_vector(*this, x); }
    template <class T> T slope(T y) const { return y > 0 ? T(1) : y + static_cast<T>(alpha); }
    template <class V> V values(const V& x) const {
        return xsimd::select(x > V(0), x,
                             scale<V>() * detail::unless_nan(x, [](const V& v) { return xsimd::expm1(v); }));
    }
    template <class V> V slopes(const V& y) const { return xsimd::select(y > V(0), V(1), y + scale<V>()); }
    template <shape In, class T> struct layer : pointwise<elu, In, T> {};

private:
    template <class V> V scale() const { return V(static_cast<typename V::value_type>(alpha)); }
};

} // namespace strata
