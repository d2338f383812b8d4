#pragma once

#include <strata/core/initialiser.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/parameter.hpp>
#include <strata/core/random.hpp>
#include <strata/core/shape.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

namespace strata {

namespace detail {

/// values[i] = draw(i), on all threads.
template <class T, class Draw> void draw_each(T* values, index size, const Draw& draw) {
    parallel_for(size, 2048, [&](index begin, index end) {
        for (index i = begin; i < end; ++i) values[i] = static_cast<T>(draw(static_cast<std::uint64_t>(i)));
    });
}

/// A standard normal number of at most two deviations: draws again until it is.
inline double truncated(const random_source& source, std::uint64_t element) {
    for (std::uint32_t redraw = 0;; ++redraw) {
        const double x = source.normal(element, redraw);
        if (std::abs(x) <= 2) return x;
    }
}

/// `count` orthonormal vectors of `length` >= count numbers, one behind the other: normal numbers, made
/// orthonormal by modified Gram-Schmidt. The diagonal of R is positive, so the result is distributed evenly
/// (Mezzadri, "How to generate random matrices from the classical compact groups", 2007).
inline std::vector<double> orthonormal_vectors(index count, index length, const random_source& source) {
    std::vector<double> vectors(static_cast<std::size_t>(count * length));
    draw_each(vectors.data(), count * length, [&](std::uint64_t i) { return source.normal(i); });
    const auto dot = [&](const double* a, const double* b) {
        double sum = 0;
        for (index i = 0; i < length; ++i) sum += a[i] * b[i];
        return sum;
    };
    for (index j = 0; j < count; ++j) {
        double* q = vectors.data() + j * length;
        const double norm = std::sqrt(dot(q, q));
        for (index i = 0; i < length; ++i) q[i] /= norm;
        const index grain = std::max<index>(1, 16'384 / length);
        parallel_for(count - j - 1, grain, [&](index begin, index end) {
            for (index k = begin; k < end; ++k) {
                double* v = q + (k + 1) * length;
                const double part = dot(q, v);
                for (index i = 0; i < length; ++i) v[i] -= part * q[i];
            }
        });
    }
    return vectors;
}

} // namespace detail

/// Fills a parameter with its first values. Element i is a function of (seed, stream, i) alone, whatever the
/// number of threads. `automatic` draws as glorot_uniform: who knows the next activation resolves it before.
template <class T>
void initialise(T* values, const extents& sizes, fan f, const initialiser& how, const random_source& source) {
    const index size = sizes.size();
    const auto in = static_cast<double>(f.in), out = static_cast<double>(f.out);
    const auto normally = [&](double variance) {
        const double deviation = std::sqrt(variance);
        detail::draw_each(values, size, [&](std::uint64_t i) { return deviation * source.normal(i); });
    };
    const auto uniformly = [&](double low, double high) {
        detail::draw_each(values, size,
                          [&](std::uint64_t i) { return low + (high - low) * source.uniform(i); });
    };
    // The uniform distribution on -a .. a has variance a² / 3.
    const auto uniformly_with = [&](double variance) {
        const double limit = std::sqrt(3 * variance);
        uniformly(-limit, limit);
    };
    const auto orthogonally = [&](double gain) {
        const index columns = sizes.sizes[sizes.rank - 1], rows = size / columns;
        const bool tall = rows >= columns;
        const index length = std::max(rows, columns);
        const auto q = detail::orthonormal_vectors(std::min(rows, columns), length, source);
        for (index r = 0; r < rows; ++r)
            for (index c = 0; c < columns; ++c) {
                const index place = tall ? c * length + r : r * length + c;
                values[r * columns + c] = static_cast<T>(gain * q[static_cast<std::size_t>(place)]);
            }
    };

    const auto fill = [&](const auto& options) {
        using option = std::remove_cvref_t<decltype(options)>;
        if constexpr (std::is_same_v<option, constant>) {
            std::fill_n(values, size, static_cast<T>(options.value));
        } else if constexpr (std::is_same_v<option, normal>) {
            detail::draw_each(values, size, [&](std::uint64_t i) {
                return options.mean + options.deviation * source.normal(i);
            });
        } else if constexpr (std::is_same_v<option, truncated_normal>) {
            detail::draw_each(values, size, [&](std::uint64_t i) {
                return options.mean + options.deviation * detail::truncated(source, i);
            });
        } else if constexpr (std::is_same_v<option, uniform>) {
            uniformly(options.low, options.high);
        } else if constexpr (std::is_same_v<option, glorot_normal>) {
            normally(2 / (in + out));
        } else if constexpr (std::is_same_v<option, glorot_uniform> || std::is_same_v<option, automatic>) {
            uniformly_with(2 / (in + out));
        } else if constexpr (std::is_same_v<option, he_normal>) {
            normally(2 / in);
        } else if constexpr (std::is_same_v<option, he_uniform>) {
            uniformly_with(2 / in);
        } else if constexpr (std::is_same_v<option, lecun_normal>) {
            normally(1 / in);
        } else if constexpr (std::is_same_v<option, lecun_uniform>) {
            uniformly_with(1 / in);
        } else {
            static_assert(std::is_same_v<option, orthogonal>);
            orthogonally(options.gain);
        }
    };
    std::visit(fill, how);
}

#if defined(STRATA_COMPILED) // "extern" where another file compiles them, as cmake/compiled.cmake has it
STRATA_COMPILED template void initialise<float>(float*, const extents&, fan, const initialiser&,
                                                const random_source&);
STRATA_COMPILED template void initialise<double>(double*, const extents&, fan, const initialiser&,
                                                 const random_source&);
#endif

} // namespace strata
