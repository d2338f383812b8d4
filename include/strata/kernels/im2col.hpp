#pragma once

#include <strata/core/shape.hpp>

#include <algorithm>
#include <cstring>

namespace strata {

namespace detail {

/// Elements by which copies may run over their end, reading and writing: whole vectors, no call of memcpy
/// for a handful of numbers.
inline constexpr index copy_block = 8;

/// to = from, in whole blocks where `readable` elements allow it. Writes up to copy_block - 1 elements too
/// many.
template <class T> void copy_run(T* to, const T* from, index count, index readable) {
    if (count > 8 * copy_block || readable < count + copy_block) {
        std::copy_n(from, count, to);
        return;
    }
    for (index i = 0; i < count; i += copy_block) std::memcpy(to + i, from + i, sizeof(T) * copy_block);
}

/// `rows` runs of `count` elements, one behind the other in `to`, `stride` apart in `from`; writes and reads
/// up to copy_block - 1 elements behind the last.
template <class T> void copy_rows(T* to, const T* from, index rows, index count, index stride) {
    if (count <= copy_block) {
        for (index row = 0; row < rows; ++row, to += count, from += stride)
            std::memcpy(to, from, sizeof(T) * copy_block);
    } else {
        for (index row = 0; row < rows; ++row, to += count, from += stride)
            for (index i = 0; i < count; i += copy_block)
                std::memcpy(to + i, from + i, sizeof(T) * copy_block);
    }
}

/// The part of a kernel's `taps` that falls inside 0 .. size when the first tap is at `start`.
struct tap_range {
    index begin = 0, end;

    constexpr tap_range(index start, index taps, index dilation, index size) : end(taps) {
        if (start >= 0 && start + (taps - 1) * dilation < size) return; // divisions only at the border
        begin = std::min(taps, start < 0 ? (-start + dilation - 1) / dilation : 0);
        end = std::clamp(start < size ? (size - start + dilation - 1) / dilation : 0, begin, taps);
    }
    constexpr index count() const { return end - begin; }
};

} // namespace detail

/// Elements im2col may write behind the last row.
inline constexpr index im2col_slack = detail::copy_block;

/// Every output pixel's patch of x as one row: columns ((row_end - row_begin) * out_width, kernel height *
/// kernel width * channels), for the output rows row_begin .. row_end counted through the whole batch (row r
/// is row r % out_height of image r / out_height). Pixels outside the image are 0. x (batch, in_height,
/// in_width, channels).
template <class T>
void im2col(T* columns, const T* x, const window& g, index channels, index batch, index row_begin,
            index row_end) {
    const index x_size = batch * g.in_height * g.in_width * channels;
    const index kernel_row = g.kernel.width * channels;
    const index line_step = g.dilation.height * g.in_width * channels;
    const bool is_dense = g.dilation.width == 1 && kernel_row <= 8 * detail::copy_block;
    const index reach = (g.kernel.height - 1) * line_step + kernel_row + detail::copy_block; // of copy_rows
    for (index row = row_begin; row < row_end; ++row) {
        const index image = row / g.out_height * g.in_height * g.in_width * channels;
        const index iy0 = row % g.out_height * g.stride.height - g.top;
        const bool rows_inside = iy0 >= 0 && iy0 + (g.kernel.height - 1) * g.dilation.height < g.in_height;
        for (index ox = 0; ox < g.out_width; ++ox) {
            const index ix0 = ox * g.stride.width - g.left;
            const index corner = image + (iy0 * g.in_width + ix0) * channels;
            if (rows_inside && is_dense && ix0 >= 0 && ix0 + g.kernel.width <= g.in_width
                && x_size - corner >= reach) { // most pixels: nothing to test within the patch
                detail::copy_rows(columns, x + corner, g.kernel.height, kernel_row, line_step);
                columns += g.kernel.height * kernel_row;
                continue;
            }
            const detail::tap_range inside(ix0, g.kernel.width, g.dilation.width, g.in_width);
            for (index ky = 0; ky < g.kernel.height; ++ky, columns += kernel_row) {
                const index iy = iy0 + ky * g.dilation.height;
                if (iy < 0 || iy >= g.in_height || inside.count() == 0) {
                    std::fill_n(columns, kernel_row, T(0));
                    continue;
                }
                if (inside.begin > 0) std::fill_n(columns, inside.begin * channels, T(0));
                const index line = image + (iy * g.in_width + ix0) * channels;
                if (g.dilation.width == 1) {
                    const index from = line + inside.begin * channels;
                    detail::copy_run(columns + inside.begin * channels, x + from, inside.count() * channels,
                                     x_size - from);
                } else {
                    for (index kx = inside.begin; kx < inside.end; ++kx) {
                        const index from = line + kx * g.dilation.width * channels;
                        detail::copy_run(columns + kx * channels, x + from, channels, x_size - from);
                    }
                }
                if (inside.end < g.kernel.width)
                    std::fill_n(columns + inside.end * channels, (g.kernel.width - inside.end) * channels,
                                T(0));
            }
        }
    }
}

/// The transpose of im2col: adds every row of `columns` to the patch of dx it came from.
template <class T>
void col2im_add(T* dx, const T* columns, const window& g, index channels, index row_begin, index row_end) {
    const index kernel_row = g.kernel.width * channels;
    for (index row = row_begin; row < row_end; ++row) {
        const index image = row / g.out_height * g.in_height * g.in_width * channels;
        const index iy0 = row % g.out_height * g.stride.height - g.top;
        for (index ox = 0; ox < g.out_width; ++ox) {
            const index ix0 = ox * g.stride.width - g.left;
            const detail::tap_range inside(ix0, g.kernel.width, g.dilation.width, g.in_width);
            for (index ky = 0; ky < g.kernel.height; ++ky, columns += kernel_row) {
                const index iy = iy0 + ky * g.dilation.height;
                if (iy < 0 || iy >= g.in_height) continue;
                const index line = image + (iy * g.in_width + ix0) * channels;
                if (g.dilation.width == 1) {
                    T* const to = dx + line + inside.begin * channels;
                    const T* const from = columns + inside.begin * channels;
                    const index count = inside.count() * channels;
#pragma omp simd
                    for (index i = 0; i < count; ++i) to[i] += from[i];
                } else {
                    for (index kx = inside.begin; kx < inside.end; ++kx) {
                        T* const to = dx + line + kx * g.dilation.width * channels;
#pragma omp simd
                        for (index c = 0; c < channels; ++c) to[c] += columns[kx * channels + c];
                    }
                }
            }
        }
    }
}

} // namespace strata
