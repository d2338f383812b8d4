#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/layers/pointwise.hpp>

#include <numbers>
#include <string_view>

namespace strata {

/// y = x Phi(x), Phi the standard normal distribution function, exact by erf (Hendrycks and Gimpel, 2016).
struct gelu {
    static constexpr std::string_view name = "gelu";
    static constexpr bool rectifies = true;
    static constexpr shape output(shape in) { return in; }

    template <shape In, class T> struct layer {
        static constexpr bool backward_reads_output = false;
        /// In inference, which needs x no more, the layer in front may apply it.
        static constexpr bool is_activation = true;
        T operator()(T x) const { return detail::value_by_vector(*this, x); }
        template <class V> V values(const V& x) const { return x * cumulative(x); }

        void forward(const T* x, T* y, const pass& p) const {
            detail::sweep_vectors<T>(p.batch * In.size(), 2, [&](index i, auto... n) {
                detail::store(y + i, values(detail::load(x + i, n...)), n...);
            });
        }
        /// dx = dy (Phi(x) + x phi(x)), phi the normal density
        void backward(const T* x, const T*, const T* dy, T* dx, const pass& p) const {
            using vector = detail::vector_of<T>;
            constexpr T at_0 = std::numbers::inv_sqrtpi_v<T> / std::numbers::sqrt2_v<T>;
            detail::sweep_vectors<T>(p.batch * In.size(), 3, [&](index i, auto... n) {
                const vector v = detail::load(x + i, n...);
                const vector density = vector(at_0) * detail::exponential(vector(v * v * vector(T(-0.5))));
                detail::store(dx + i, vector(detail::load(dy + i, n...) * (cumulative(v) + v * density)),
                              n...);
            });
        }

    private:
        template <class V> static V cumulative(const V& x) {
            return V(T(0.5)) + V(T(0.5)) * detail::error_function(V(x * V(T(1) / std::numbers::sqrt2_v<T>)));
        }
    };
};

} // namespace strata
