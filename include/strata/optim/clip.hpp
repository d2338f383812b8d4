#pragma once

#include <strata/core/simd.hpp>
#include <strata/core/sweep.hpp>
#include <strata/optim/segments.hpp>

#include <array>
#include <cmath>

namespace strata {

namespace detail {

/// The sum of squares of n elements, in double.
template <class T> double sum_of_squares(const T* x, index n) {
    constexpr index width = lanes<double>;
    vector_of<double> even{}, odd{};
    index i = 0;
    for (; i + 2 * width <= n; i += 2 * width) {
        const auto a = load_as_double(x + i), b = load_as_double(x + i + width);
        even += a * a;
        odd += b * b;
    }
    even += odd;
    double sum = sum_of(even);
    for (; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return sum;
}

} // namespace detail

/// The Euclidean norm of all the gradients together, summed in double; the same bits for any number of
/// threads. Not a number, or infinite, if one of the gradients is.
template <class T> double global_norm(const T* gradients, std::span<const parameter_span> spans) {
    constexpr index most = 128, least_grain = 8192;
    const index size = detail::end_of(spans);
    const index grain = std::max(chunk_count(size, most), least_grain);
    std::array<double, most> partial{};
    const int workers = workers_for(work_of_bytes(size * static_cast<index>(sizeof(T))));
    parallel_chunks(size, grain, workers, [&](int, index chunk, index begin, index end) {
        double& sum = partial[static_cast<std::size_t>(chunk)];
        detail::visit_segments(spans, begin, end, [&](index first, index last, kind) {
            sum += detail::sum_of_squares(gradients + first, last - first);
        });
    });
    double sum = 0;
    for (const double p : partial) sum += p;
    return std::sqrt(sum);
}

/// What gradients of norm `norm` must be multiplied by to have at most norm `limit` (Pascanu et al., 2013):
/// `gradient_scale` of an update.
inline double clip_scale(double norm, double limit) {
    return norm > limit ? limit / norm : 1.0;
}

} // namespace strata
