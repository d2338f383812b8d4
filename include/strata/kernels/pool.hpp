#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/shape.hpp>

#include <algorithm>
#include <cstdint>

// Pooling: x (batch, in_height, in_width, channels), y (batch, out_height, out_width, channels). Pixels
// outside the image do not take part; every window must hold at least one pixel of the image.

namespace strata {

/// Which tap of its window gave an output its maximum, counted row by row.
using pool_tap = std::uint16_t;

namespace detail {

/// Calls visit(pixel, tap) for the pixels of one image that the window of an output pixel covers, in
/// row-major order.
template <class Visit> void for_each_pixel(const window& g, index oy, index ox, const Visit& visit) {
    const index iy0 = oy * g.stride.height - g.top, ix0 = ox * g.stride.width - g.left;
    for (index ky = 0; ky < g.kernel.height; ++ky) {
        const index iy = iy0 + ky * g.dilation.height;
        if (iy < 0 || iy >= g.in_height) continue;
        for (index kx = 0; kx < g.kernel.width; ++kx) {
            const index ix = ix0 + kx * g.dilation.width;
            if (ix < 0 || ix >= g.in_width) continue;
            visit(iy * g.in_width + ix, ky * g.kernel.width + kx);
        }
    }
}

/// Calls body(image, oy, ox, output pixel) for every output pixel, in parallel over output rows.
template <class Body> void for_each_output(const window& g, index channels, index batch, const Body& body) {
    const index grain = std::max<index>(1, 16 * 1024 / (g.out_width * channels * g.taps()));
    parallel_for(batch * g.out_height, grain, [&](index row_begin, index row_end) {
        for (index row = row_begin; row < row_end; ++row)
            for (index ox = 0; ox < g.out_width; ++ox)
                body(row / g.out_height, row % g.out_height, ox, row * g.out_width + ox);
    });
}

/// The same for a backward pass: an image is one thread's, because windows overlap; its dx begins at 0.
template <class T, class Body>
void for_each_output_backward(T* dx, const window& g, index channels, index batch, const Body& body) {
    const index image_size = g.in_height * g.in_width * channels;
    const index grain = std::max<index>(1, 16 * 1024 / image_size);
    parallel_for(batch, grain, [&](index begin, index end) {
        std::fill(dx + begin * image_size, dx + end * image_size, T(0));
        for (index image = begin; image < end; ++image)
            for (index oy = 0; oy < g.out_height; ++oy)
                for (index ox = 0; ox < g.out_width; ++ox)
                    body(image, oy, ox, (image * g.out_height + oy) * g.out_width + ox);
    });
}

template <class T, bool Remember>
void max_pool(T* y, pool_tap* tap, const T* x, const window& g, index channels, index batch) {
    const index image_size = g.in_height * g.in_width * channels;
    for_each_output(g, channels, batch, [&](index image, index oy, index ox, index pixel) {
        const T* const in = x + image * image_size;
        T* const out = y + pixel * channels;
        pool_tap* const from = Remember ? tap + pixel * channels : nullptr;
        bool first = true;
        for_each_pixel(g, oy, ox, [&](index place, index number) {
            const T* const at = in + place * channels;
            const auto here = static_cast<pool_tap>(number);
            if (first) {
                first = false;
                std::copy_n(at, channels, out);
                if constexpr (Remember) std::fill_n(from, channels, here);
                return;
            }
            // bitwise or: both sides are cheaper than a branch; the first NaN wins and stays
#pragma omp simd
            for (index c = 0; c < channels; ++c) {
                const bool wins = (at[c] > out[c]) | ((at[c] != at[c]) & (out[c] == out[c]));
                out[c] = wins ? at[c] : out[c];
                if constexpr (Remember) from[c] = wins ? here : from[c];
            }
        });
    });
}

} // namespace detail

/// y = the largest number of every window; a NaN in the window gives NaN.
template <class T> void max_pool_forward(T* y, const T* x, const window& g, index channels, index batch) {
    detail::max_pool<T, false>(y, nullptr, x, g, channels, batch);
}

/// The same, and tap (as y) = where in its window the maximum is: the first of equals, or the first NaN.
template <class T>
void max_pool_forward_training(T* y, pool_tap* tap, const T* x, const window& g, index channels,
                               index batch) {
    detail::max_pool<T, true>(y, tap, x, g, channels, batch);
}

/// dx = the sum of dy over the windows in which a pixel was the maximum. Overwrites dx.
template <class T>
void max_pool_backward(T* dx, const T* dy, const pool_tap* tap, const window& g, index channels,
                       index batch) {
    const index image_size = g.in_height * g.in_width * channels;
    detail::for_each_output_backward(dx, g, channels, batch,
                                     [&](index image, index oy, index ox, index pixel) {
                                         T* const to = dx + image * image_size;
                                         const T* const grad = dy + pixel * channels;
                                         const pool_tap* const from = tap + pixel * channels;
                                         detail::for_each_pixel(g, oy, ox, [&](index place, index number) {
                                             T* const at = to + place * channels;
                                             const auto here = static_cast<pool_tap>(number);
#pragma omp simd
                                             for (index c = 0; c < channels; ++c)
                                                 at[c] += from[c] == here ? grad[c] : T(0);
                                         });
                                     });
}

/// y = the mean of every window's pixels. Only pixels of the image count, in the sum and in the number it is
/// divided by: TensorFlow's convention, PyTorch's count_include_pad = false.
template <class T> void average_pool_forward(T* y, const T* x, const window& g, index channels, index batch) {
    const index image_size = g.in_height * g.in_width * channels;
    detail::for_each_output(g, channels, batch, [&](index image, index oy, index ox, index pixel) {
        const T* const in = x + image * image_size;
        T* const out = y + pixel * channels;
        std::fill_n(out, channels, T(0));
        index count = 0;
        detail::for_each_pixel(g, oy, ox, [&](index place, index) {
            const T* const at = in + place * channels;
#pragma omp simd
            for (index c = 0; c < channels; ++c) out[c] += at[c];
            ++count;
        });
        const T share = T(1) / static_cast<T>(count);
#pragma omp simd
        for (index c = 0; c < channels; ++c) out[c] *= share;
    });
}

/// dx = dy / pixels, summed over the windows a pixel lies in. Overwrites dx.
template <class T>
void average_pool_backward(T* dx, const T* dy, const window& g, index channels, index batch) {
    const index image_size = g.in_height * g.in_width * channels;
    detail::for_each_output_backward(dx, g, channels, batch,
                                     [&](index image, index oy, index ox, index pixel) {
                                         T* const to = dx + image * image_size;
                                         const T* const grad = dy + pixel * channels;
                                         index count = 0;
                                         detail::for_each_pixel(g, oy, ox, [&](index, index) { ++count; });
                                         const T share = T(1) / static_cast<T>(count);
                                         detail::for_each_pixel(g, oy, ox, [&](index place, index) {
                                             T* const at = to + place * channels;
#pragma omp simd
                                             for (index c = 0; c < channels; ++c) at[c] += grad[c] * share;
                                         });
                                     });
}

/// y (batch, channels) = the mean of x (batch, pixels, channels) over the pixels.
template <class T> void global_average_forward(T* y, const T* x, index pixels, index channels, index batch) {
    const index grain = std::max<index>(1, 16 * 1024 / (pixels * channels));
    parallel_for(batch, grain, [&](index begin, index end) {
        for (index image = begin; image < end; ++image) {
            const T* const in = x + image * pixels * channels;
            T* const out = y + image * channels;
            std::fill_n(out, channels, T(0));
            for (index pixel = 0; pixel < pixels; ++pixel) {
                const T* const at = in + pixel * channels;
#pragma omp simd
                for (index c = 0; c < channels; ++c) out[c] += at[c];
            }
            const T share = T(1) / static_cast<T>(pixels);
#pragma omp simd
            for (index c = 0; c < channels; ++c) out[c] *= share;
        }
    });
}

/// dx (batch, pixels, channels) = dy (batch, channels) / pixels.
template <class T>
void global_average_backward(T* dx, const T* dy, index pixels, index channels, index batch) {
    const index grain = std::max<index>(1, 16 * 1024 / (pixels * channels));
    const T share = T(1) / static_cast<T>(pixels);
    parallel_for(batch, grain, [&](index begin, index end) {
        for (index image = begin; image < end; ++image) {
            const T* const grad = dy + image * channels;
            for (index pixel = 0; pixel < pixels; ++pixel) {
                T* const at = dx + (image * pixels + pixel) * channels;
#pragma omp simd
                for (index c = 0; c < channels; ++c) at[c] = grad[c] * share;
            }
        }
    });
}

} // namespace strata
