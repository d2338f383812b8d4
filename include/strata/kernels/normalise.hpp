#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/kernels/rows.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

// Arrays here are (rows, channels): the rows of batch norm are all pixels of all samples.

namespace strata {

namespace detail {

/// Rows summed up by one thread in one go: at most half of a second-level cache and 256 numbers in a row in
/// one sum, which keeps rounding small in float; but not so few that the sums are as large as the chunk.
constexpr index rows_per_chunk(index channels) {
    return std::clamp<index>(16 * 1024 / channels, 64, 256 * turn_width(channels) / channels);
}

/// The sums of one chunk, two numbers per channel.
template <class T> constexpr index chunk_sums(index channels) {
    return bytes_of<T>(2 * channels) / static_cast<index>(sizeof(T));
}

/// Calls body(first row, rows, sums) for every chunk of rows; `sums` is the chunk's own, begun at 0.
template <class T, class Body> void sum_chunks(T* sums, index rows, index channels, const Body& body) {
    parallel_for(chunk_count(rows, rows_per_chunk(channels)), 1, [&](index chunk, index) {
        const index begin = chunk * rows_per_chunk(channels);
        T* const own = sums + chunk * chunk_sums<T>(channels);
        std::fill_n(own, 2 * channels, T(0));
        body(begin, std::min(rows - begin, rows_per_chunk(channels)), own);
    });
}

} // namespace detail

/// Bytes of scratch memory the kernels of this header need.
template <class T> constexpr index normalise_scratch(index rows, index channels) {
    return chunk_count(rows, detail::rows_per_chunk(channels)) * bytes_of<T>(2 * channels);
}

/// mean (channels) and variance (channels; divided by rows, not rows - 1) of x in one pass over memory: each
/// chunk finds its mean first, then the squares about it while it is in the cache, and chunks are joined in
/// order by Chan, Golub and LeVeque's formula (1983). Accurate where the mean is far larger than the
/// deviation. `scratch` holds normalise_scratch bytes.
template <class T>
void batch_statistics(T* mean, T* variance, const T* x, index rows, index channels, std::byte* scratch) {
    T* const sums = arena(scratch).take<T>(0);
    detail::sum_chunks(sums, rows, channels, [&](index first, index count, T* own) {
        const T* const from = x + first * channels;
        T* const own_mean = own;
        T* const own_squares = own + channels;
        { // about the first row, which is nearer to the mean than 0 may be
            const detail::repeated<T> origin(from, channels);
            detail::column_sums<T> offsets(own_mean, channels);
            T* const sum = offsets.data();
            const T* const o = origin.data();
            detail::for_each_turn(count, channels, [&](index begin, index size) {
#pragma omp simd
                for (index j = 0; j < size; ++j) sum[j] += from[begin + j] - o[j];
            });
            offsets.finish();
            for (index c = 0; c < channels; ++c) own_mean[c] = from[c] + own_mean[c] / static_cast<T>(count);
        }
        const detail::repeated<T> centre(own_mean, channels);
        detail::column_sums<T> squares(own_squares, channels);
        T* const sum = squares.data();
        const T* const m = centre.data();
        detail::for_each_turn(count, channels, [&](index begin, index size) {
#pragma omp simd
            for (index j = 0; j < size; ++j) {
                const T d = from[begin + j] - m[j];
                sum[j] += d * d;
            }
        });
        squares.finish();
    });

    const index grain = detail::rows_per_chunk(channels), chunks = chunk_count(rows, grain);
    constexpr index block = 32;
    for (index c0 = 0; c0 < channels; c0 += block) {
        const index width = std::min(block, channels - c0);
        std::array<double, block> m{}, squares{};
        double total = 0;
        for (index chunk = 0; chunk < chunks; ++chunk) {
            const T* const own = sums + chunk * detail::chunk_sums<T>(channels) + c0;
            const auto count = static_cast<double>(std::min(grain, rows - chunk * grain));
            const double share = count / (total + count), weight = total * share;
            for (index c = 0; c < width; ++c) {
                const auto at = static_cast<std::size_t>(c);
                const double difference = static_cast<double>(own[c]) - m[at];
                squares[at] += static_cast<double>(own[channels + c]) + difference * difference * weight;
                m[at] += difference * share;
            }
            total += count;
        }
        for (index c = 0; c < width; ++c) {
            mean[c0 + c] = static_cast<T>(m[static_cast<std::size_t>(c)]);
            variance[c0 + c] = static_cast<T>(squares[static_cast<std::size_t>(c)] / total);
        }
    }
}

/// y = activation(scale (x - mean) inverse_deviation + offset). `scale` may be null (1), `offset` too (0).
/// `gain` (channels) is scratch memory.
template <class T, class Activation>
void normalise(T* y, const T* x, const T* mean, const T* inverse_deviation, const T* scale, const T* offset,
               index rows, index channels, T* gain, const Activation& activation) {
    for (index c = 0; c < channels; ++c) gain[c] = (scale ? scale[c] : T(1)) * inverse_deviation[c];
    const detail::repeated<T> means(mean, channels), gains(gain, channels),
        offsets(offset ? offset : mean, channels);
    const T *__restrict const m = means.data(), *__restrict const g = gains.data(),
                              *__restrict const o = offsets.data();
    parallel_for(rows, detail::rows_per_chunk(channels), [&](index row, index row_end) {
        const T* const from = x + row * channels;
        T* const to = y + row * channels;
        detail::for_each_turn(row_end - row, channels, [&](index begin, index size) {
            const T* __restrict const in = from + begin;
            T* __restrict const out = to + begin;
            if (offset) {
                for (index j = 0; j < size; ++j) out[j] = activation((in[j] - m[j]) * g[j] + o[j]);
            } else {
                for (index j = 0; j < size; ++j) out[j] = activation((in[j] - m[j]) * g[j]);
            }
        });
    });
}

/// The gradients of batch norm in training, where mean and deviation are functions of x too (Ioffe and
/// Szegedy, 2015), in two passes: with h = (x - mean) inverse_deviation,
/// dscale = sum dy h, doffset = sum dy, dx = scale inverse_deviation (dy - doffset / rows - h dscale / rows).
/// `scale` may be null (1), dx too: then it is not computed. dscale and doffset (channels) are always
/// written. `scratch` holds normalise_scratch bytes.
template <class T>
void normalise_backward(T* dx, T* dscale, T* doffset, const T* x, const T* dy, const T* mean,
                        const T* inverse_deviation, const T* scale, index rows, index channels,
                        std::byte* scratch) {
    T* const sums = arena(scratch).take<T>(0);
    const detail::repeated<T> means(mean, channels), inverses(inverse_deviation, channels);
    const T *const m = means.data(), *const inverse = inverses.data();
    detail::sum_chunks(sums, rows, channels, [&](index first, index count, T* own) {
        const T *const in = x + first * channels, *const grad = dy + first * channels;
        detail::column_sums<T> scales(own, channels), offsets(own + channels, channels);
        T *const by_h = scales.data(), *const plain_sum = offsets.data();
        detail::for_each_turn(count, channels, [&](index begin, index size) {
#pragma omp simd
            for (index j = 0; j < size; ++j) {
                by_h[j] += grad[begin + j] * ((in[begin + j] - m[j]) * inverse[j]);
                plain_sum[j] += grad[begin + j];
            }
        });
        scales.finish();
        offsets.finish();
    });
    const index chunks = chunk_count(rows, detail::rows_per_chunk(channels));
    constexpr index block = 32;
    for (index c0 = 0; c0 < channels; c0 += block) {
        const index width = std::min(block, channels - c0);
        std::array<double, block> by_h{}, plain_sum{};
        for (index chunk = 0; chunk < chunks; ++chunk) {
            const T* const own = sums + chunk * detail::chunk_sums<T>(channels) + c0;
            for (index c = 0; c < width; ++c) {
                by_h[static_cast<std::size_t>(c)] += static_cast<double>(own[c]);
                plain_sum[static_cast<std::size_t>(c)] += static_cast<double>(own[channels + c]);
            }
        }
        for (index c = 0; c < width; ++c) {
            dscale[c0 + c] = static_cast<T>(by_h[static_cast<std::size_t>(c)]);
            doffset[c0 + c] = static_cast<T>(plain_sum[static_cast<std::size_t>(c)]);
        }
    }
    if (!dx) return;

    // dx = gain (dy - offset_part - (x - mean) scale_part); the chunks' sums are done with
    T *const gain = sums, *const scale_part = sums + channels;
    for (index c = 0; c < channels; ++c) {
        gain[c] = (scale ? scale[c] : T(1)) * inverse_deviation[c];
        scale_part[c] = dscale[c] * inverse_deviation[c] / static_cast<T>(rows);
    }
    const T share = T(1) / static_cast<T>(rows);
    const detail::repeated<T> gains(gain, channels), scale_parts(scale_part, channels),
        offset_sums(doffset, channels);
    const T *const g = gains.data(), *const by_x = scale_parts.data(), *const sum = offset_sums.data();
    parallel_for(rows, detail::rows_per_chunk(channels), [&](index row, index row_end) {
        const T *const in = x + row * channels, *const grad = dy + row * channels;
        T* const out = dx + row * channels;
        detail::for_each_turn(row_end - row, channels, [&](index begin, index size) {
#pragma omp simd
            for (index j = 0; j < size; ++j)
                out[begin + j] = g[j] * (grad[begin + j] - sum[j] * share - (in[begin + j] - m[j]) * by_x[j]);
        });
    });
}

} // namespace strata
