#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/core/sweep.hpp>
#include <strata/kernels/rows.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

// Arrays here are (rows, channels): the rows of batch norm are all pixels of all samples.

namespace strata {

namespace detail {

/// Rows summed up by one thread in one go: at least a sixteenth of a small second-level cache, twice as much
/// where there are many, and not so few that the sums are as large as the chunk. Few enough numbers in one
/// sum to keep rounding small in float.
constexpr index rows_per_chunk(index rows, index channels) {
    const index elements = std::clamp<index>(rows * channels / 32, sweep_grain, 2 * sweep_grain);
    return std::clamp<index>(elements / channels, 64, sweep_grain / 4);
}

/// Three numbers per channel: what is known of a chunk.
template <class T> constexpr index chunk_room(index channels) {
    return bytes_of<T>(3 * channels) / static_cast<index>(sizeof(T));
}

/// Calls body(first row, rows, room) for every chunk of rows; `room` is the chunk's own chunk_room numbers,
/// begun at 0. `arrays` of T are read.
template <class T, class Body>
void sum_chunks(T* room, index rows, index channels, index arrays, const Body& body) {
    const index grain = rows_per_chunk(rows, channels);
    sweep(rows, grain, arrays * channels * static_cast<index>(sizeof(T)), [&](index begin, index end) {
        T* const own = room + begin / grain * chunk_room<T>(channels);
        std::fill_n(own, 3 * channels, T(0));
        body(begin, end - begin, own);
    });
}

/// Calls body(c0, width) for blocks of channels; what follows from the chunks' sums is worked out in double.
inline constexpr index joined_at_once = 32;
template <class Body> void for_each_channel_block(index channels, const Body& body) {
    for (index c0 = 0; c0 < channels; c0 += joined_at_once) body(c0, std::min(joined_at_once, channels - c0));
}
using joined = std::array<double, static_cast<std::size_t>(joined_at_once)>;

} // namespace detail

/// Bytes of scratch memory the kernels of this header need.
template <class T> constexpr index normalise_scratch(index rows, index channels) {
    return chunk_count(rows, detail::rows_per_chunk(rows, channels)) * bytes_of<T>(3 * channels);
}

/// mean (channels) and variance (channels; divided by rows, not rows - 1) of x, in one pass over it. A chunk
/// of rows sums up offsets and their squares from an origin, the mean of its first eighth; chunks are joined
/// in order by Chan, Golub and LeVeque's formula (1983). Accurate where the mean is far larger than the
/// deviation: since the origin is the mean of an eighth of the numbers, squares - offsets² / rows is never
/// less than an eighth of squares. `scratch` holds normalise_scratch bytes.
template <class T>
void batch_statistics(T* mean, T* variance, const T* x, index rows, index channels, std::byte* scratch) {
    using namespace detail;
    T* const found = arena(scratch).take<T>(0);
    const index grain = rows_per_chunk(rows, channels), chunks = chunk_count(rows, grain);
    const index width = turn_width<T>(std::min(rows, grain), channels);
    sum_chunks(found, rows, channels, 1, [&](index first, index count, T* own) {
        const T* const from = x + first * channels;
        T *const chunk_mean = own, *const squares = own + channels, *const offsets = own + 2 * channels;
        const index sample = std::min(count, std::max<index>(count / 8, 8));
        add_columns<T, 1>({chunk_mean}, sample, channels, width,
                          [=](auto& sums, index at, index, auto... n) { sums[0] += load(from + at, n...); });
        const T share = T(1) / static_cast<T>(sample);
        for (index c = 0; c < channels; ++c) chunk_mean[c] *= share;
        {
            const repeated<T> origins(chunk_mean, channels, width);
            const T* const origin = origins.data();
            add_columns<T, 2>({offsets, squares}, count, channels, width,
                              [=](auto& sums, index at, index c, auto... n) {
                                  const auto d = load(from + at, n...) - load(origin + c, n...);
                                  sums[0] += d;
                                  sums[1] = multiply_add(d, d, sums[1]);
                              });
        }
        for_each_vector<T>(channels, channels, [=](index, index c, auto... n) {
            const auto sum = load(offsets + c, n...), offset = sum / vector_of<T>(static_cast<T>(count));
            store(chunk_mean + c, load(chunk_mean + c, n...) + offset, n...);
            store(squares + c, larger(vector_of<T>(T(0)), load(squares + c, n...) - offset * sum), n...);
        });
    });

    for_each_channel_block(channels, [&](index c0, index count) {
        joined m{}, squares{};
        double total = 0;
        for (index chunk = 0; chunk < chunks; ++chunk) {
            const T* const own = found + chunk * chunk_room<T>(channels) + c0;
            const auto more = static_cast<double>(std::min(grain, rows - chunk * grain));
            const double share = more / (total + more), weight = total * share;
#pragma omp simd
            for (index c = 0; c < count; ++c) {
                const auto at = static_cast<std::size_t>(c);
                const double difference = static_cast<double>(own[c]) - m[at];
                squares[at] += static_cast<double>(own[channels + c]) + difference * difference * weight;
                m[at] += difference * share;
            }
            total += more;
        }
        for (index c = 0; c < count; ++c) {
            const auto at = static_cast<std::size_t>(c);
            mean[c0 + c] = static_cast<T>(m[at]);
            variance[c0 + c] = static_cast<T>(squares[at] / total);
        }
    });
}

/// y = activation(scale (x - mean) inverse_deviation + offset). `scale` may be null (1), `offset` too (0).
/// `gain` (channels) is scratch memory.
template <class T, class Activation>
void normalise(T* y, const T* x, const T* mean, const T* inverse_deviation, const T* scale, const T* offset,
               index rows, index channels, T* gain, const Activation& activation) {
    using namespace detail;
    for (index c = 0; c < channels; ++c) gain[c] = (scale ? scale[c] : T(1)) * inverse_deviation[c];
    const index grain = rows_per_chunk(rows, channels),
                width = turn_width<T>(std::min(rows, grain), channels);
    const repeated<T> means(mean, channels, width), gains(gain, channels, width),
        offsets(offset ? offset : mean, channels, width);
    const T *const m = means.data(), *const g = gains.data(), *const o = offsets.data();
    sweep(rows, grain, 2 * channels * static_cast<index>(sizeof(T)), [&](index row, index row_end) {
        const T* const from = x + row * channels;
        T* const to = y + row * channels;
        const index size = (row_end - row) * channels;
        if (offset)
            for_each_vector<T>(size, width, [=](index at, index c, auto... n) {
                const auto v = multiply_add(load(from + at, n...) - load(m + c, n...), load(g + c, n...),
                                            load(o + c, n...));
                store(to + at, value_of(activation, v), n...);
            });
        else
            for_each_vector<T>(size, width, [=](index at, index c, auto... n) {
                const auto v = (load(from + at, n...) - load(m + c, n...)) * load(g + c, n...);
                store(to + at, value_of(activation, v), n...);
            });
    });
}

/// The gradients of batch norm in training, where mean and deviation are functions of x too (Ioffe and
/// Szegedy, 2015), in two passes: with h = (x - mean) inverse_deviation,
/// dscale = sum dy h, doffset = sum dy, dx = scale inverse_deviation (dy - doffset / rows - h dscale / rows).
/// `scale` may be null (1), dx too: then it is not computed. dscale and doffset (channels) are always
/// written. `scratch` holds normalise_scratch bytes. `below` is the activation whose output x is: dx is then
/// multiplied by its slope.
template <class T, class Below = no_activation>
void normalise_backward(T* dx, T* dscale, T* doffset, const T* x, const T* dy, const T* mean,
                        const T* inverse_deviation, const T* scale, index rows, index channels,
                        std::byte* scratch, const Below& below = {}) {
    using namespace detail;
    T* const found = arena(scratch).take<T>(0);
    const index grain = rows_per_chunk(rows, channels), chunks = chunk_count(rows, grain);
    const index width = turn_width<T>(std::min(rows, grain), channels);
    const repeated<T> means(mean, channels, width);
    const T* const m = means.data();
    sum_chunks(found, rows, channels, 2, [&](index first, index count, T* own) {
        const T *const in = x + first * channels, *const grad = dy + first * channels;
        add_columns<T, 2>({own, own + channels}, count, channels, width,
                          [=](auto& sums, index at, index c, auto... n) {
                              const auto g = load(grad + at, n...);
                              sums[0] = multiply_add(g, load(in + at, n...) - load(m + c, n...), sums[0]);
                              sums[1] += g;
                          });
    });
    for_each_channel_block(channels, [&](index c0, index count) {
        joined by_x{}, plain{};
        for (index chunk = 0; chunk < chunks; ++chunk) {
            const T* const own = found + chunk * chunk_room<T>(channels) + c0;
#pragma omp simd
            for (index c = 0; c < count; ++c) {
                by_x[static_cast<std::size_t>(c)] += static_cast<double>(own[c]);
                plain[static_cast<std::size_t>(c)] += static_cast<double>(own[channels + c]);
            }
        }
        for (index c = 0; c < count; ++c) {
            const auto at = static_cast<std::size_t>(c);
            dscale[c0 + c] = static_cast<T>(by_x[at] * static_cast<double>(inverse_deviation[c0 + c]));
            doffset[c0 + c] = static_cast<T>(plain[at]);
        }
    });
    if (!dx) return;

    // dx = gain dy + by_x (x - mean) + constant; the chunks' sums are done with
    T *const gain = found, *const by_x = found + channels, *const constant = found + 2 * channels;
    for (index c = 0; c < channels; ++c) {
        gain[c] = (scale ? scale[c] : T(1)) * inverse_deviation[c];
        by_x[c] = -gain[c] * dscale[c] * inverse_deviation[c] / static_cast<T>(rows);
        constant[c] = -gain[c] * doffset[c] / static_cast<T>(rows);
    }
    const repeated<T> gains(gain, channels, width), slopes(by_x, channels, width),
        constants(constant, channels, width);
    const T *const g = gains.data(), *const s = slopes.data(), *const o = constants.data();
    sweep(rows, grain, 3 * channels * static_cast<index>(sizeof(T)), [&](index row, index row_end) {
        const T *const in = x + row * channels, *const grad = dy + row * channels;
        T* const out = dx + row * channels;
        for_each_vector<T>((row_end - row) * channels, width, [=](index at, index c, auto... n) {
            const auto from = load(in + at, n...);
            const auto flat = multiply_add(load(grad + at, n...), load(g + c, n...), load(o + c, n...));
            const auto d = multiply_add(from - load(m + c, n...), load(s + c, n...), flat);
            store(out + at, times_slope(d, below, from), n...);
        });
    });
}

#if defined(STRATA_COMPILED) // "extern" where another file compiles them, as cmake/compiled.cmake has it
STRATA_COMPILED template void batch_statistics<float>(float*, float*, const float*, index, index, std::byte*);
STRATA_COMPILED template void normalise_backward<float, no_activation>(float*, float*, float*, const float*,
                                                                       const float*, const float*,
                                                                       const float*, const float*, index,
                                                                       index, std::byte*,
                                                                       const no_activation&);
STRATA_COMPILED template void batch_statistics<double>(double*, double*, const double*, index, index,
                                                       std::byte*);
STRATA_COMPILED template void normalise_backward<double, no_activation>(double*, double*, double*,
                                                                        const double*, const double*,
                                                                        const double*, const double*,
                                                                        const double*, index, index,
                                                                        std::byte*, const no_activation&);
#endif

} // namespace strata
