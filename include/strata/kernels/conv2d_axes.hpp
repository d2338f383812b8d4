#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>

#include <algorithm>

// How the direct convolutions see an image: which pixels of an axis meet which taps, how many neighbours are
// computed as one pixel, and strips of an image with its border.

namespace strata::detail {

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

/// to = `count` elements of from, or 0; returns the end. Runs here are a few vectors: too short for memcpy.
template <class T> T* copy_run(T* to, const T* from, index count) {
    vector_loop<T>(0, count, [=](index i, auto... n) { store(to + i, load(from + i, n...), n...); });
    return to + count;
}
template <class T> T* clear_run(T* to, index count) {
    vector_loop<T>(0, count, [=](index i, auto... n) { store(to + i, vector_of<T>(T(0)), n...); });
    return to + count;
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

} // namespace strata::detail
