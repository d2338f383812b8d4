#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>

#include <cmath>
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
        T operator()(T x) const { return x * cumulative(x); }

        void forward(const T* x, T* y, const pass& p) const {
            parallel_for(p.batch * In.size(), 4'096, [&](index begin, index end) {
                for (index i = begin; i < end; ++i) y[i] = (*this)(x[i]);
            });
        }
        /// dx = dy (Phi(x) + x phi(x)), phi the normal density
        void backward(const T* x, const T*, const T* dy, T* dx, const pass& p) const {
            parallel_for(p.batch * In.size(), 4'096, [&](index begin, index end) {
                for (index i = begin; i < end; ++i) {
                    const T density =
                        std::exp(x[i] * x[i] / -2) * std::numbers::inv_sqrtpi_v<T> / std::numbers::sqrt2_v<T>;
                    dx[i] = dy[i] * (cumulative(x[i]) + x[i] * density);
                }
            });
        }

    private:
        static T cumulative(T x) { return (T(1) + std::erf(x / std::numbers::sqrt2_v<T>)) / 2; }
    };
};

} // namespace strata
