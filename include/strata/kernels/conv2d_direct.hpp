#pragma once

#include <strata/core/function_view.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/simd.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/kernels/conv2d_sizes.hpp>
#include <strata/kernels/register_tile.hpp>

#include <algorithm>
#include <cstddef>

// Convolution without a matrix of patches: the register tile reads the pixels of a row of output pixels where
// they lie. Channels are the innermost dimension, so a kernel row and its channels are one run of the inner
// dimension; only images with a border are copied, a strip of rows at a time, into a buffer that has it.

namespace strata {

namespace detail {

/// a / b rounded towards minus infinity, and up; b > 0.
constexpr index floor_divide(index a, index b) {
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}
constexpr index ceil_divide(index a, index b) {
    return -floor_divide(-a, b);
}

/// Output pixels of one axis that see the same taps, or the same window in groups of neighbours: group q =
/// begin .. end has the output pixels out_first + q out_step + i, i = 0 .. group; it sees the source pixels
/// src_first + q src_step + j tap_step, j = 0 .. taps; pixel i sees source pixel j through tap number
/// tap_first + j tap_stride + i tap_group of the kernel, or not at all if there is no tap of that number.
struct axis_phase {
    index taps, tap_first, tap_stride, tap_group, tap_step;
    index out_first, out_step, src_first, src_step;
    index begin, end;

    constexpr index tap(index j, index i) const { return tap_first + j * tap_stride + i * tap_group; }
};

/// One axis of a convolution, forward or as the gradient with respect to the input. Of the gradient's pixels
/// those of one phase of the stride see every stride-th tap, in reverse, of the output's gradient; or, in
/// groups of a multiple of the stride, all pixels see the same window.
struct direct_axis {
    index kernel, stride, dilation, border, in, out;
    bool is_gradient;
    index group = 1;

    constexpr index phases() const { return is_gradient && group == 1 ? stride : 1; }
    constexpr index source() const { return is_gradient ? out : in; }
    constexpr index target() const { return is_gradient ? in : out; }
    constexpr axis_phase phase(index p) const {
        axis_phase a{};
        a.end = chunk_count(target(), group);
        a.out_step = group;
        a.tap_step = dilation;
        if (!is_gradient) {
            a.taps = kernel + (group - 1) * stride;
            a.tap_first = 0, a.tap_stride = 1, a.tap_group = -stride;
            a.src_first = -border, a.src_step = group * stride;
        } else if (group > 1) {
            a.src_first = ceil_divide(border - kernel + 1, stride), a.src_step = group / stride;
            a.taps = (group - 1 + border) / stride - a.src_first + 1;
            a.tap_first = border - stride * a.src_first, a.tap_stride = -stride, a.tap_group = 1;
        } else { // a dilation goes with stride 1 only
            a.taps = p < kernel ? chunk_count(kernel - p, stride) : 0;
            a.tap_first = p + stride * (a.taps - 1), a.tap_stride = -stride, a.tap_group = 0;
            a.out_first = p - border, a.out_step = stride;
            a.src_first = -(a.taps - 1) * dilation, a.src_step = 1;
            a.begin = std::max<index>(0, ceil_divide(border - p, stride));
            a.end = floor_divide(in - 1 + border - p, stride) + 1;
        }
        return a;
    }
    /// From the least to one behind the last q of any phase.
    constexpr index begin() const { return is_gradient && group == 1 ? border / stride : 0; }
    constexpr index end() const {
        return is_gradient && group == 1 ? (in - 1 + border) / stride + 1 : chunk_count(target(), group);
    }
    /// Source pixels that q = from .. to see.
    constexpr index first(index from) const {
        index least = from * phase(0).src_step + phase(0).src_first;
        for (index p = 1; p < phases(); ++p)
            least = std::min(least, from * phase(p).src_step + phase(p).src_first);
        return least;
    }
    constexpr index last(index to) const {
        index most = first(to - 1);
        for (index p = 0; p < phases(); ++p) {
            const axis_phase a = phase(p);
            most = std::max(most, (to - 1) * a.src_step + a.src_first
                                      + std::max<index>(0, a.taps - 1) * a.tap_step);
        }
        return most;
    }
};

/// How many neighbours to compute as one pixel with as many times the channels: 1 where the channels fill a
/// vector anyway; with few channels the group whose window costs the fewest vector multiplications a pixel.
template <class T> constexpr index best_group(direct_axis axis, index channels) {
    if (channels >= lanes<T> || axis.dilation != 1) return 1;
    const index step = axis.is_gradient ? axis.stride : 1;
    double least = 0.9 * static_cast<double>(axis.kernel) / static_cast<double>(step);
    index best = 1;
    for (index g = step; g * channels <= 2 * lanes<T> && g <= axis.target(); g += step) {
        if (g == 1) continue;
        axis.group = g;
        const index vectors = chunk_count(g * channels, lanes<T>);
        const double cost = static_cast<double>(axis.phase(0).taps * vectors) / static_cast<double>(g);
        if (cost >= least) continue;
        least = cost;
        best = g;
    }
    return best;
}

/// Columns of a product in blocks of two vectors; what is left has one vector where that is enough.
template <class T> struct column_blocks {
    index columns;
    static constexpr index width = 2 * lanes<T>;

    constexpr index count() const { return chunk_count(columns, width); }
    /// Vectors of block b.
    constexpr index vectors(index b) const { return columns - b * width > lanes<T> ? 2 : 1; }
    constexpr index in_block(index b) const { return std::min(width, columns - b * width); }
    /// Columns with the padding of the last block.
    constexpr index padded() const { return (count() - 1) * width + vectors(count() - 1) * lanes<T>; }
};

/// Splits `count` into as few runs of at most `most` as possible, as even as possible, and calls
/// body(begin, size) for each.
template <class Body> void for_each_run(index count, index most, const Body& body) {
    const index runs = chunk_count(count, most);
    for (index i = 0, begin = 0; i < runs; ++i) {
        const index size = (count - begin + (runs - i) - 1) / (runs - i);
        body(begin, size);
        begin += size;
    }
}

/// to (columns, rows) = the transpose of from (rows, columns).
template <class T>
void transpose(T* to, index to_stride, const T* from, index from_stride, index rows, index columns) {
    for (index c = 0; c < columns; ++c)
        for (index r = 0; r < rows; ++r) to[c * to_stride + r] = from[r * from_stride + c];
}

/// to = `count` elements of from, or 0; returns the end. Runs here are a few vectors: too short for memcpy.
template <class T> T* copy_run(T* to, const T* from, index count) {
    index i = 0;
    for (; i + lanes<T> <= count; i += lanes<T>) store(to + i, load(from + i));
    if (i < count) store(to + i, load(from + i, count - i), count - i);
    return to + count;
}
template <class T> T* clear_run(T* to, index count) {
    const vector_of<T> zero(T(0));
    index i = 0;
    for (; i + lanes<T> <= count; i += lanes<T>) store(to + i, zero);
    if (i < count) store(to + i, zero, count - i);
    return to + count;
}

/// values[i] = change(values[i], i) for all i, a vector at a time: change(vector, i, n) where only n are
/// left.
template <class T, class Change> void change_each(T* values, index count, const Change& change) {
    index i = 0;
    for (; i + lanes<T> <= count; i += lanes<T>) store(values + i, change(load(values + i), i));
    if (i < count) store(values + i, change(load(values + i, count - i), i, count - i), count - i);
}

/// Rows first .. first + rows and columns left .. left + width of an image (height, line, channels), 0 where
/// the image is not.
template <class T>
void copy_window(T* to, const T* image, index height, index line, index channels, index first, index rows,
                 index left, index width) {
    const index from = std::clamp<index>(left, 0, line), until = std::clamp<index>(left + width, from, line);
    const index before = (std::min(from - left, width)) * channels, inside = (until - from) * channels;
    const index behind = width * channels - before - inside;
    for (index r = first; r < first + rows; ++r) {
        if (r < 0 || r >= height) {
            to = clear_run(to, width * channels);
        } else {
            to = clear_run(to, before);
            to = copy_run(to, image + (r * line + from) * channels, inside);
            to = clear_run(to, behind);
        }
    }
}

} // namespace detail

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
            transpose(to, width, tap, s.filters, count, channels);
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
            parallel_chunks(pieces, std::max<index>(1, 65'536 / (channels * blocks.width)), threads,
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
    parallel_chunks(plan.s.batch * strips, 1, threads, [&](int worker, index chunk, index, index) {
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
                    for_each_run(whole - across.begin, vectors == 1 ? most_rows<1> : most_rows<2>,
                                 [&](index begin, index size) {
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

/// How the weight gradient is cut: groups of images sum their own, for one block of filters at a time.
template <class T> struct weight_gradient_plan {
    conv2d_sizes s;

    static constexpr index panel_bytes = 16 * 1024;         ///< of dy: half a first-level cache
    static constexpr index least_chunks = 16;               ///< so that a few threads get equal shares
    static constexpr index partial_bytes = 8 * 1024 * 1024; ///< of all groups' sums, roughly

    /// Neighbours in a row that are taken as one pixel with as many times the filters.
    constexpr index group() const {
        const window& g = s.geometry;
        return best_group<T>(
            {g.kernel.width, g.stride.width, g.dilation.width, g.left, g.in_width, g.out_width, false},
            s.filters);
    }
    constexpr column_blocks<T> blocks() const { return {group() * s.filters}; }
    constexpr index kernel_width() const {
        return s.geometry.kernel.width + (group() - 1) * s.geometry.stride.width;
    }
    constexpr index patch() const { return s.geometry.kernel.height * kernel_width() * s.channels; }
    /// Groups of neighbours in a row.
    constexpr index steps() const { return chunk_count(s.geometry.out_width, group()); }
    constexpr bool is_inside() const {
        const window& g = s.geometry;
        return g.top == 0 && g.left == 0 && buffer_rows(g.out_height) <= g.in_height && width() <= g.in_width;
    }
    /// Output rows in one go.
    constexpr index strip() const {
        const index row = steps() * blocks().width * static_cast<index>(sizeof(T));
        return std::clamp<index>(panel_bytes / row, 1, s.geometry.out_height);
    }
    constexpr index panel() const { return strip() * steps() * blocks().width; }
    /// Pixels of a line in the buffer, and lines.
    constexpr index width() const {
        const window& g = s.geometry;
        return (steps() - 1) * group() * g.stride.width + (kernel_width() - 1) * g.dilation.width + 1;
    }
    constexpr index buffer_rows(index rows) const {
        const window& g = s.geometry;
        return (rows - 1) * g.stride.height + (g.kernel.height - 1) * g.dilation.height + 1;
    }
    constexpr index buffer() const { return is_inside() ? 0 : buffer_rows(strip()) * width() * s.channels; }
    constexpr index worker_bytes() const { return bytes_of<T>(panel()) + bytes_of<T>(buffer()); }

    constexpr index images_per_group() const {
        const index bytes = patch() * blocks().padded() * static_cast<index>(sizeof(T));
        const index groups =
            std::clamp<index>(partial_bytes / bytes, 1, chunk_count(least_chunks, blocks().count()));
        return chunk_count(s.batch, std::min(groups, s.batch));
    }
    constexpr index groups() const { return chunk_count(s.batch, images_per_group()); }
    /// A group's sums: (block, kernel row, kernel column, channel, column of the block), then those of dy.
    constexpr index partial() const { return (patch() + 1) * blocks().padded(); }
    constexpr index scratch(int threads) const {
        return groups() * bytes_of<T>(partial()) + threads * worker_bytes();
    }
};

/// One group of images for one block of filters: sum (patch, width) and bias_sum (width) are overwritten.
template <class T>
void sum_weight_gradient(T* sum, T* bias_sum, const T* x, const T* dy, const weight_gradient_plan<T>& plan,
                         index block, index image, index image_end, std::byte* scratch) {
    const conv2d_sizes& s = plan.s;
    const window& g = s.geometry;
    const auto blocks = plan.blocks();
    const index vectors = blocks.vectors(block), width = vectors * lanes<T>, count = blocks.in_block(block);
    arena room(scratch);
    T* const panel = room.take<T>(plan.panel());
    T* const buffer = room.take<T>(plan.buffer());
    const bool copies = !plan.is_inside();
    const index line = copies ? plan.width() * s.channels : g.in_width * s.channels;
    const bool is_dense = g.dilation.width == 1;

    vector_of<T> bias_low(T(0)), bias_high(T(0));
    const index group = plan.group(), steps = plan.steps(), kernel_width = plan.kernel_width();
    tile_job<T> job{};
    job.a_stride = group * g.stride.width * s.channels;
    job.a_segment = g.stride.height * line;
    job.b = panel;
    job.b_stride = width;
    job.b_segment = steps * width;
    job.steps = steps;
    job.out_stride = job.start_stride = width;
    job.columns = width;
    const index ahead = plan.strip() * g.out_width * s.filters;
    bool is_first = true;
    for (index n = image; n < image_end; ++n)
        for (index row = 0; row < g.out_height; row += plan.strip()) {
            const index rows = std::min(plan.strip(), g.out_height - row);
            const T* from = x + n * s.inputs();
            if (copies) {
                copy_window(buffer, from, g.in_height, g.in_width, s.channels, row * g.stride.height - g.top,
                            plan.buffer_rows(rows), -g.left, plan.width());
                from = buffer;
            } else {
                from += row * g.stride.height * line;
            }
            const T* grad = dy + (n * g.out_height + row) * g.out_width * s.filters + block * blocks.width;
            T* to = panel;
            const auto pack = [&](index in_low, index in_high) {
                const auto low = in_low == lanes<T> ? load(grad) : load(grad, in_low);
                bias_low += low;
                store(to, low);
                if (vectors == 2) {
                    const T* const behind = grad + lanes<T>;
                    const auto high = in_high == lanes<T> ? load(behind) : load(behind, in_high);
                    bias_high += high;
                    store(to + lanes<T>, high);
                }
                to += width;
            };
            const auto pack_pixels = [&](index pixels, index columns) {
                const index in_low = std::min(columns, lanes<T>), in_high = columns - in_low;
                for (index pixel = 0; pixel < pixels; ++pixel, grad += group * s.filters) {
                    __builtin_prefetch(grad + ahead, 0, 2); // for the next strip
                    if (vectors == 2) __builtin_prefetch(grad + ahead + lanes<T>, 0, 2);
                    pack(in_low, in_high);
                }
            };
            if (group == 1) {
                pack_pixels(rows * steps, count);
            } else { // the last group of a row may have less than the others
                const index missing = (steps * group - g.out_width) * s.filters;
                for (index r = 0; r < rows; ++r) {
                    pack_pixels(steps - (missing > 0), count);
                    if (missing > 0) {
                        pack_pixels(1, count - missing);
                        grad -= missing;
                    }
                }
            }
            T* out = sum;
            const index runs = is_dense ? 1 : g.kernel.width, run = s.channels * kernel_width / runs;
            for (index ky = 0; ky < g.kernel.height; ++ky) {
                // output rows whose source row is inside the image
                const index source_row = row * g.stride.height + ky * g.dilation.height - g.top;
                const index above = std::clamp<index>(ceil_divide(-source_row, g.stride.height), 0, rows);
                const index below =
                    std::clamp<index>(ceil_divide(g.in_height - source_row, g.stride.height), above, rows);
                job.segments = below - above;
                job.b = panel + above * job.b_segment;
                const T* const seen = from + ky * g.dilation.height * line + above * job.a_segment;
                for (index kx = 0; kx < runs; ++kx, out += run * width)
                    for_each_run(run, vectors == 1 ? most_rows<1> : most_rows<2>,
                                 [&](index begin, index size) {
                                     job.a = seen + kx * g.dilation.width * s.channels + begin;
                                     job.out = out + begin * width;
                                     job.start = is_first ? nullptr : job.out;
                                     tile<T, left::by_step>(size, vectors)(job);
                                 });
            }
            is_first = false;
        }
    store(bias_sum, bias_low);
    if (vectors == 2) store(bias_sum + lanes<T>, bias_high);
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
            detail::change_each(y + begin, count, [&](const auto& v, index, auto...) {
                return detail::value_of(activation, v);
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
            detail::change_each(dx + begin, count, [&](const auto& v, index i, auto... n) {
                return detail::times_slope(v, below, detail::load(x + begin + i, n...));
            });
    };
    detail::convolve_direct<T>(dx, dy, w, nullptr, plan, threads, scratch, finish);
}

/// dw = x' dy over all pixels, db = the sum of dy. Groups of images sum their own, the groups are added in
/// order. `db` may be null. `scratch` holds conv2d_direct_scratch bytes.
template <class T>
void conv2d_backward_weights_direct(T* dw, T* db, const T* x, const T* dy, const conv2d_sizes& s, int threads,
                                    std::byte* scratch) {
    using namespace detail;
    const weight_gradient_plan<T> plan{s};
    const auto blocks = plan.blocks();
    const index padded = blocks.padded(), patch = plan.patch(), groups = plan.groups();
    T* const partials = arena(scratch).take<T>(0);
    const index partial = bytes_of<T>(plan.partial()) / static_cast<index>(sizeof(T));
    std::byte* const workers = scratch + groups * bytes_of<T>(plan.partial());
    parallel_chunks(groups * blocks.count(), 1, threads, [&](int worker, index chunk, index, index) {
        const index group = chunk / blocks.count(), block = chunk % blocks.count();
        T* const own = partials + group * partial;
        const index image = group * plan.images_per_group();
        sum_weight_gradient(own + block * blocks.width * patch, own + patch * padded + block * blocks.width,
                            x, dy, plan, block, image, std::min(s.batch, image + plan.images_per_group()),
                            workers + worker * plan.worker_bytes());
    });
    // the groups in order, into the first
    const index size = plan.partial();
    if (groups > 1)
        parallel_chunks(size, std::max<index>(lanes<T>, 32'768 / groups / lanes<T> * lanes<T>), threads,
                        [&](int, index, index begin, index end) {
                            for (index i = begin; i < end; i += lanes<T>) {
                                vector_of<T> sum = load(partials + i);
                                for (index g = 1; g < groups; ++g) sum += load(partials + g * partial + i);
                                store(partials + i, sum);
                            }
                        });
    // every block's columns to where they belong, neighbours on top of each other
    const index group = plan.group(), filters = s.filters;
    if (group == 1) {
        for (index b = 0; b < blocks.count(); ++b) {
            const index width = blocks.vectors(b) * lanes<T>, count = blocks.in_block(b);
            const T* const block = partials + b * blocks.width * patch;
            for (index k = 0; k < patch; ++k)
                std::copy_n(block + k * width, count, dw + k * filters + b * blocks.width);
        }
    } else {
        const index run = s.geometry.kernel.width * s.channels, step = s.geometry.stride.width * s.channels;
        for (index ky = 0; ky < s.geometry.kernel.height; ++ky) {
            const T* const from = partials + ky * plan.kernel_width() * s.channels * padded;
            for (index k = 0; k < run; ++k)
                for (index f = 0; f < filters; ++f) {
                    T sum = 0;
                    for (index i = 0; i < group; ++i) sum += from[(k + i * step) * padded + i * filters + f];
                    dw[(ky * run + k) * filters + f] = sum;
                }
        }
    }
    if (!db) return;
    const T* const bias_sums = partials + patch * padded;
    for (index f = 0; f < filters; ++f) {
        db[f] = bias_sums[f];
        for (index i = 1; i < group; ++i) db[f] += bias_sums[i * filters + f];
    }
}

#if defined(STRATA_COMPILED) // "extern" where another file compiles them, as cmake/compiled.cmake has it
STRATA_COMPILED template void detail::convolve_direct<float>(float*, const float*, const float*, const float*,
                                                             const conv2d_direct_plan<float>&, int,
                                                             std::byte*,
                                                             detail::function_view<void(index, index)>);
STRATA_COMPILED template void conv2d_backward_weights_direct<float>(float*, float*, const float*,
                                                                    const float*, const conv2d_sizes&, int,
                                                                    std::byte*);
STRATA_COMPILED template void detail::convolve_direct<double>(double*, const double*, const double*,
                                                              const double*,
                                                              const conv2d_direct_plan<double>&, int,
                                                              std::byte*,
                                                              detail::function_view<void(index, index)>);
STRATA_COMPILED template void conv2d_backward_weights_direct<double>(double*, double*, const double*,
                                                                     const double*, const conv2d_sizes&, int,
                                                                     std::byte*);
#endif

} // namespace strata
