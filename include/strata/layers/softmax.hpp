#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd_math.hpp>

#include <algorithm>
#include <string_view>

namespace strata {

/// Probabilities over the channels: y_c = exp(x_c - max x) / sum. For training put softmax_cross_entropy on
/// the logits instead: it is exact where this one rounds to 0.
struct softmax {
    static constexpr std::string_view name = "softmax";
    static constexpr bool rectifies = false;
    static constexpr shape output(shape in) { return in; }

    template <shape In, class T> struct layer {
        static constexpr bool in_place = true;
        static constexpr bool backward_reads_input = false;

        void forward(const T* x, T* y, const pass& p) const {
            rows(p, [=](index row) {
                const T* const from = x + row * In.channels;
                T* const to = y + row * In.channels;
                const T top = detail::largest_of(from, In.channels);
                const auto sum = static_cast<T>(detail::sum_of_exponentials(to, from, In.channels, top));
                detail::vector_loop<T>(0, In.channels, [=](index c, auto... n) {
                    detail::store(to + c, detail::load(to + c, n...) / detail::vector_of<T>(sum), n...);
                });
            });
        }
        /// dx_c = y_c (dy_c - sum_k dy_k y_k)
        void backward(const T*, const T* y, const T* dy, T* dx, const pass& p) const {
            rows(p, [=](index row) {
                const index at = row * In.channels;
                T dot = 0;
                for (index c = at; c < at + In.channels; ++c) dot += dy[c] * y[c];
                for (index c = at; c < at + In.channels; ++c) dx[c] = y[c] * (dy[c] - dot);
            });
        }

    private:
        template <class Body> static void rows(const pass& p, const Body& body) {
            constexpr index grain = std::max<index>(1, 4'096 / In.channels);
            parallel_for(p.batch * In.pixels(), grain, [&](index begin, index end) {
                for (index row = begin; row < end; ++row) body(row);
            });
        }
    };
};

} // namespace strata
