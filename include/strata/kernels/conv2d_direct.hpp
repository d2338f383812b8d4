#pragma once

#include <strata/core/function_view.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/simd.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/kernels/conv2d_axes.hpp>
#include <strata/kernels/conv2d_direct_weights.hpp>
#include <strata/kernels/conv2d_sizes.hpp>
#include <strata/kernels/register_tile.hpp>
#include <strata/kernels/transpose.hpp>

#include <algorithm>
#include <cstddef>

// Convolution without a matrix of patches: the register tile reads the pixels of a row of output pixels where
// they lie. Channels are the innermost dimension, so a kernel row and its channels are one run of the inner
// dimension; only images with a border are copied, a strip of rows at a time, into a buffer that has it.

namespace strata {

/// How a direct convolution is cut: functions of the sizes alone.
template <class T> struct conv2d_direct_plan {
    conv2d_sizes s;
    bool is_gradient; ///< with respect to the input: from dy to dx

    static constexpr index strip_bytes = 96 * 1024; ///< of the source: a part of the second-level cache
    static constexpr index near_bytes = 24 * 1024;  ///< of weights: most of the first-level cache
    static constexpr index least_chunks = 16;       ///< so that a few threads get equal shares

    constexpr detail::direct_axis rows() const {
        const window& g = s.geometry;
        return {g.kernel.height, g.stride.height, g.dilation.height, g.top,
                g.in_height,     g.out_height,    is_gradient};
    }
    constexpr detail::direct_axis columns() const {
        const window& g = s.geometry;
        detail::direct_axis axis{g.kernel.width, g.stride.width, g.dilation.width, g.left,
                                 g.in_width,     g.out_width,    is_gradient};
        axis.group = detail::best_group<T>(axis, out_channels());
        return axis;
    }
    constexpr index source_channels() const { return is_gradient ? s.filters : s.channels; }
    constexpr index out_channels() const { return is_gradient ? s.channels : s.filters; }
    constexpr detail::column_blocks<T> blocks() const { return {columns().group * out_channels()}; }

    /// Pixels of a line in the buffer.
    constexpr index width() const {
        return columns().last(columns().end()) - columns().first(columns().begin()) + 1;
    }
    constexpr index line() const { return width() * source_channels(); }
    constexpr index buffer_rows(index q_begin, index q_end) const {
        return rows().last(q_end) - rows().first(q_begin) + 1;
    }
    /// The source needs no border: it is read where it lies.
    constexpr bool is_inside() const {
        return rows().first(rows().begin()) >= 0 && rows().last(rows().end()) < rows().source()
               && columns().first(columns().begin()) >= 0
               && columns().last(columns().end()) < columns().source();
    }
    constexpr index strip() const {
        const index count = rows().end() - rows().begin();
        const index per_image = chunk_count(least_chunks, s.batch);
        const index fits = strip_bytes / (line() * static_cast<index>(sizeof(T)) * rows().phase(0).src_step);
        return std::clamp<index>(std::min(fits, chunk_count(count, per_image)), 1, count);
    }
    constexpr index strips() const { return chunk_count(rows().end() - rows().begin(), strip()); }

    /// Taps of all phases together.
    constexpr index taps() const {
        const bool in_groups = columns().group > 1;
        return s.geometry.kernel.height * (in_groups ? columns().phase(0).taps : s.geometry.kernel.width);
    }
    constexpr index weights() const { return taps() * source_channels() * blocks().padded(); }
    constexpr index buffer() const {
        if (is_inside()) return 0;
        const index begin = rows().begin();
        index most = 0;
        for (index i = 0; i < strips(); ++i)
            most = std::max(
                most, buffer_rows(begin + i * strip(), std::min(rows().end(), begin + (i + 1) * strip())));
        return most * line();
    }
    constexpr index scratch(int threads) const {
        return bytes_of<T>(weights()) + bytes_of<T>(blocks().padded()) + threads * bytes_of<T>(buffer());
    }
};

namespace detail {

/// The weights as the tile wants them, one block of columns behind the other within each phase:
/// (phase, block, kernel row, kernel column, source channel, column of the block).
template <class T> void pack_weights(T* packed, const T* w, const conv2d_direct_plan<T>& plan, int threads) {
    const conv2d_sizes& s = plan.s;
    const direct_axis rows = plan.rows(), columns = plan.columns();
    const auto blocks = plan.blocks();
    const index channels = plan.source_channels(), out_channels = plan.out_channels();
    const index kernel_width = s.geometry.kernel.width;
    // (source channel, column) from `count` columns of one tap
    const auto pack_tap = [&](T* to, index width, const T* tap, index count) {
        if (plan.is_gradient)
            copy_transposed(to, width, tap, s.filters, count, channels);
        else
            for (index c = 0; c < channels; ++c) std::copy_n(tap + c * s.filters, count, to + c * width);
    };
    for (index py = 0; py < rows.phases(); ++py)
        for (index px = 0; px < columns.phases(); ++px) {
            const axis_phase down = rows.phase(py), across = columns.phase(px);
            const index taps = down.taps * across.taps;
            const auto pack = [&](index piece) {
                const index b = piece / taps, j = piece % taps;
                const index ky = down.tap(j / across.taps, 0);
                const index width = blocks.vectors(b) * lanes<T>, first = b * blocks.width;
                T* const to = packed + first * taps * channels + j * channels * width;
                if (columns.group > 1) {
                    std::fill_n(to, channels * width, T(0));
                    for (index i = 0; i < columns.group; ++i) {
                        const index kx = across.tap(j % across.taps, i);
                        if (kx < 0 || kx >= kernel_width) continue;
                        pack_tap(to + i * out_channels, width,
                                 w + (ky * kernel_width + kx) * s.channels * s.filters, out_channels);
                    }
                    return;
                }
                const index kx = across.tap(j % across.taps, 0), count = blocks.in_block(b);
                const T* const tap = w + (ky * kernel_width + kx) * s.channels * s.filters;
                pack_tap(to, width, tap + first * (plan.is_gradient ? s.filters : 1), count);
                for (index c = 0; c < channels; ++c) std::fill_n(to + c * width + count, width - count, T(0));
            };
            const index pieces = blocks.count() * taps;
            parallel_chunks(pieces, std::max<index>(1, 65'536 / (channels * blocks.width)),
                            workers_for(work_of_elements(plan.weights()), threads),
                            [&](int, index, index begin, index end) {
                                for (index piece = begin; piece < end; ++piece) pack(piece);
                            });
            packed += taps * channels * blocks.padded();
        }
}

/// Both forward and input gradient: out = start + source * weights, for all phases. `finish` is told of every
/// finished run of elements: its first and how many.
template <class T>
void convolve_direct(T* out, const T* source, const T* w, const T* bias, const conv2d_direct_plan<T>& plan,
                     int threads, std::byte* scratch, function_view<void(index, index)> finish) {
    const direct_axis rows = plan.rows(), columns = plan.columns();
    const auto blocks = plan.blocks();
    const index channels = plan.source_channels(), out_channels = plan.out_channels();
    const index out_height = rows.target(), out_width = columns.target();
    const index source_size = rows.source() * columns.source() * channels;

    arena room(scratch);
    T* const packed = room.take<T>(plan.weights());
    T* const start = room.take<T>(blocks.padded());
    pack_weights(packed, w, plan, threads);
    if (bias) {
        T* to = start;
        for (index i = 0; i < columns.group; ++i) to = std::copy_n(bias, out_channels, to);
        std::fill(to, start + blocks.padded(), T(0));
    }

    const index q_begin = rows.begin(), left = columns.first(columns.begin());
    const bool copies = !plan.is_inside();
    const index line = copies ? plan.line() : columns.source() * channels;
    // a run of the inner dimension: all taps of a kernel row where they lie side by side
    const bool is_dense = columns.dilation == 1;
    // few weights stay in the nearest cache while the rows of out are written once, from end to end
    const bool rows_first = plan.weights() * static_cast<index>(sizeof(T)) <= plan.near_bytes;

    const index strip = plan.strip(), strips = plan.strips(), width = plan.width(),
                buffer_size = plan.buffer();
    const int workers = workers_for(work_of_multiply_adds(plan.s.multiply_adds()), threads);
    parallel_chunks(plan.s.batch * strips, 1, workers, [&](int worker, index chunk, index, index) {
        const index image = chunk / strips, q0 = q_begin + chunk % strips * strip;
        const index q1 = std::min(rows.end(), q0 + strip);
        const index first = rows.first(q0);
        // where source pixel (row, column) is: origin + (row * line + column * channels)
        const T* origin = source + image * source_size;
        if (copies) {
            T* const buffer = arena(room.rest() + worker * bytes_of<T>(buffer_size)).take<T>(buffer_size);
            copy_window(buffer, origin, rows.source(), columns.source(), channels, first,
                        plan.buffer_rows(q0, q1), left, width);
            origin = buffer - first * line - left * channels;
        }
        T* const to = out + image * out_height * out_width * out_channels;
        const T* weights = packed;
        for (index py = 0; py < rows.phases(); ++py) {
            const axis_phase down = rows.phase(py);
            const index from = std::max(q0, down.begin), until = std::min(q1, down.end);
            for (index px = 0; px < columns.phases(); ++px) {
                const axis_phase across = columns.phase(px);
                const index taps = down.taps * across.taps, pixels = across.end - across.begin;
                if (pixels <= 0) {
                    weights += taps * channels * blocks.padded();
                    continue;
                }
                if (taps == 0) { // pixels that no output has seen
                    for (index q = from; q < until; ++q) {
                        T* const row = to + (down.out_first + q * down.out_step) * out_width * out_channels;
                        for (index i = across.begin; i < across.end; ++i) {
                            const index pixel = across.out_first + i * across.out_step;
                            std::fill_n(row + pixel * out_channels,
                                        std::min(columns.group, out_width - pixel) * out_channels, T(0));
                        }
                    }
                    continue;
                }
                // the last group of neighbours may have less than the others
                const index missing = columns.group > 1 ? across.end * columns.group - out_width : 0;
                tile_job<T> job{};
                job.a_stride = across.src_step * channels;
                job.a_segment = down.tap_step * line;
                job.segments = down.taps;
                job.steps = is_dense ? across.taps * channels : channels;
                job.out_stride = across.out_step * out_channels;
                const index pieces = is_dense ? 1 : across.taps;
                const auto row_of_block = [&](index q, index b) {
                    const index vectors = blocks.vectors(b), columns_of_b = vectors * lanes<T>;
                    const index source_row = down.src_first + q * down.src_step;
                    // kernel rows outside the image add nothing
                    const index above =
                        std::clamp<index>(ceil_divide(-source_row, down.tap_step), 0, down.taps);
                    const index below = std::clamp<index>(
                        ceil_divide(rows.source() - source_row, down.tap_step), above, down.taps);
                    T* const row = to + (down.out_first + q * down.out_step) * out_width * out_channels
                                   + across.out_first * out_channels + b * blocks.width;
                    const T* const seen =
                        origin + (source_row + above * down.tap_step) * line + across.src_first * channels;
                    job.b_stride = columns_of_b;
                    job.b_segment = across.taps * channels * columns_of_b;
                    job.segments = below - above;
                    const T* const block =
                        weights + b * blocks.width * taps * channels + above * job.b_segment;
                    const auto run = [&](index begin, index size, index count) {
                        job.columns = count;
                        job.out = row + begin * job.out_stride;
                        job.start = bias ? start + b * blocks.width : nullptr;
                        job.start_stride = 0;
                        for (index piece = 0; piece < pieces; ++piece) {
                            job.a = seen + (begin * across.src_step + piece * across.tap_step) * channels;
                            job.b = block + piece * channels * columns_of_b;
                            tile<T, left::by_row>(size, count > lanes<T> ? 2 : 1)(job);
                            job.start = job.out;
                            job.start_stride = job.out_stride;
                        }
                    };
                    const index whole = across.end - (missing > 0);
                    for_each_tile(whole - across.begin, vectors, [&](index begin, index size) {
                        run(across.begin + begin, size, blocks.in_block(b));
                    });
                    if (missing > 0) run(whole, 1, blocks.columns - missing * out_channels);
                };
                if (rows_first) {
                    for (index q = from; q < until; ++q)
                        for (index b = 0; b < blocks.count(); ++b) row_of_block(q, b);
                } else {
                    for (index b = 0; b < blocks.count(); ++b)
                        for (index q = from; q < until; ++q) row_of_block(q, b);
                }
                weights += taps * channels * blocks.padded();
            }
        }
        // the rows of this chunk, whatever their phase
        const index row0 = std::max<index>(0, rows.is_gradient ? q0 * rows.stride - rows.border : q0);
        const index row1 = std::min(out_height, rows.is_gradient ? q1 * rows.stride - rows.border : q1);
        finish((image * out_height + row0) * out_width * out_channels,
               (row1 - row0) * out_width * out_channels);
    });
}

} // namespace detail

/// Whether the direct kernels can do this convolution: where a dilation meets a stride they cannot take the
/// input gradient.
constexpr bool conv2d_direct_can(const conv2d_sizes& s) {
    const window& g = s.geometry;
    return (g.dilation.height == 1 || g.stride.height == 1) && (g.dilation.width == 1 || g.stride.width == 1);
}

/// Bytes of scratch memory the kernels of this header need.
template <class T> constexpr index conv2d_direct_scratch(const conv2d_sizes& s, int threads, bool training) {
    const index forward = conv2d_direct_plan<T>{s, false}.scratch(threads);
    if (!training) return forward;
    return std::max({forward, conv2d_direct_plan<T>{s, true}.scratch(threads),
                     detail::weight_gradient_plan<T>{s}.scratch(threads)});
}

/// y = activation(x * w + bias). `bias` may be null. `scratch` holds conv2d_direct_scratch bytes.
template <class T, class Activation>
void conv2d_forward_direct(T* y, const T* x, const T* w, const T* bias, const conv2d_sizes& s, int threads,
                           std::byte* scratch, const Activation& activation) {
    const conv2d_direct_plan<T> plan{s, false};
    const auto finish = [&](index begin, index count) {
        if constexpr (has_activation<Activation>)
            detail::vector_loop<T>(begin, begin + count, [&](index i, auto... n) {
                detail::store(y + i, detail::value_of(activation, detail::load(y + i, n...)), n...);
            });
    };
    detail::convolve_direct<T>(y, x, w, bias, plan, threads, scratch, finish);
}

/// dx = dy w', where the patches overlap: for every phase of the stride a convolution of dy with the taps
/// that meet it, in reverse. Stores dx * below.slope(x). `scratch` holds conv2d_direct_scratch bytes.
template <class T, class Below = no_activation>
void conv2d_backward_data_direct(T* dx, const T* dy, const T* w, const conv2d_sizes& s, int threads,
                                 std::byte* scratch, [[maybe_unused]] const T* x = nullptr,
                                 [[maybe_unused]] const Below& below = {}) {
    const conv2d_direct_plan<T> plan{s, true};
    const auto finish = [&](index begin, index count) {
        if constexpr (has_activation<Below>)
            detail::vector_loop<T>(begin, begin + count, [&](index i, auto... n) {
                const auto gradient = detail::load(dx + i, n...);
                detail::store(dx + i, detail::times_slope(gradient, below, detail::load(x + i, n...)), n...);
            });
    };
    detail::convolve_direct<T>(dx, dy, w, nullptr, plan, threads, scratch, finish);
}

#if defined(STRATA_COMPILED) // "extern" where another file compiles them, as cmake/compiled.cmake has it
STRATA_COMPILED template void detail::convolve_direct<float>(float*, const float*, const float*, const float*,
                                                             const conv2d_direct_plan<float>&, int,
                                                             std::byte*,
                                                             detail::function_view<void(index, index)>);
STRATA_COMPILED template void detail::convolve_direct<double>(double*, const double*, const double*,
                                                              const double*,
                                                              const conv2d_direct_plan<double>&, int,
                                                              std::byte*,
                                                              detail::function_view<void(index, index)>);
#endif

} // namespace strata
