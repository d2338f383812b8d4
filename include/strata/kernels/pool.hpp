#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/core/simd_pack.hpp>
#include <strata/core/sweep.hpp>
#include <strata/kernels/rows.hpp>

#include <algorithm>
#include <cstdint>

// Pooling: x (batch, in_height, in_width, channels), y (batch, out_height, out_width, channels). Pixels
// outside the image do not take part; every window must hold at least one pixel of the image. Channels are
// taken a vector at a time. Backward, every pixel of dx gathers from the windows it lies in and is written
// once, so that rows are independent. Windows of 2x2 side by side without padding have loops of their own.

namespace strata {

/// Which tap of its window gave an output its maximum, counted row by row. Kernels take any unsigned type
/// that can count the taps.
using pool_tap = std::uint8_t;

namespace detail {

/// Part of a side: first .. end - 1.
struct part {
    index first, end;
};

/// a / b rounded down and up, for a >= 0; mostly b is 1 or 2, and a division takes longer than a pixel.
constexpr index quotient(index a, index b) {
    return b == 1 ? a : b == 2 ? a / 2 : a / b;
}
constexpr index quotient_up(index a, index b) {
    return quotient(a + b - 1, b);
}

/// The taps of window number o along one side that lie in the image.
constexpr part taps_inside(index o, index stride, index before, index dilation, index taps, index size) {
    const index at = o * stride - before; // of tap 0
    const index first = at >= 0 ? 0 : quotient_up(-at, dilation);
    const index end = at >= size ? 0 : quotient_up(size - at, dilation);
    return {first, std::min(taps, end)};
}

/// The windows along one side that pixel i may lie in.
constexpr part windows_over(index i, index stride, index before, index dilation, index taps, index windows) {
    const index reach = i + before - (taps - 1) * dilation; // the first place a window over i can begin at
    return {reach <= 0 ? 0 : quotient_up(reach, stride), std::min(windows, quotient(i + before, stride) + 1)};
}

constexpr part rows_inside(const window& g, index oy) {
    return taps_inside(oy, g.stride.height, g.top, g.dilation.height, g.kernel.height, g.in_height);
}
constexpr part columns_inside(const window& g, index ox) {
    return taps_inside(ox, g.stride.width, g.left, g.dilation.width, g.kernel.width, g.in_width);
}

/// Windows of 2x2 side by side, all of them whole. A last odd row or column of the image is in none.
constexpr bool is_two_by_two(const window& g) {
    return g.kernel == size2(2) && g.stride == size2(2) && g.dilation == size2(1) && g.top == 0 && g.left == 0
           && 2 * g.out_height <= g.in_height && 2 * g.out_width <= g.in_width;
}

/// Calls body(image, row) for the rows of all images, `height` each, in parallel; `elements` a row is what is
/// read and written of T.
template <class T, class Body>
void for_each_row(index batch, index height, index elements, const Body& body) {
    const index grain = std::max<index>(1, sweep_grain / elements);
    sweep(batch * height, grain, elements * static_cast<index>(sizeof(T)), [&](index begin, index end) {
        index image = begin / height, row = begin % height;
        for (index i = begin; i < end; ++i) {
            body(image, row);
            if (++row == height) row = 0, ++image;
        }
    });
}

/// Whether `challenger` takes the place of `best`: it is larger, or the first that is not a number.
template <class T>
[[gnu::always_inline]] inline xsimd::batch_bool<T> wins(const vector_of<T>& challenger,
                                                        const vector_of<T>& best) {
    return (best == best) & !(challenger <= best);
}

template <class T, class Tap, bool Remember>
void max_pool(T* y, Tap* tap, const T* x, const window& g, index channels, index batch) {
    using vector = vector_of<T>;
    const index row_size = g.in_width * channels, out_size = g.out_width * channels;
    const index pixel_step = g.dilation.width * channels;
    const bool quick = is_two_by_two(g);
    for_each_row<T>(batch, g.out_height, g.kernel.height * row_size + out_size, [&](index image, index oy) {
        const T* const in = x + image * g.in_height * row_size;
        T* const out = y + (image * g.out_height + oy) * out_size;
        Tap* const from = Remember ? tap + (image * g.out_height + oy) * out_size : nullptr;
        const auto put = [=](index at, const vector& best, const vector& number, auto... n)
            __attribute__((always_inline)) {
            store(out + at, best, n...);
            if constexpr (Remember) store_small<T>(from + at, number, n...);
        };
        if (quick) {
            const T *const first = in + 2 * oy * row_size, *const second = first + row_size;
            const vector one(T(1)), two(T(2)), three(T(3)), none(T(0));
            for (index ox = 0; ox < g.out_width; ++ox)
                cover<T>(
                    channels, [=](index c, auto... n) __attribute__((always_inline)) {
                        const index at = 2 * ox * channels + c;
                        const vector a = load(first + at, n...), b = load(first + at + channels, n...);
                        const vector d = load(second + at, n...), e = load(second + at + channels, n...);
                        const auto right = wins<T>(b, a), lower_right = wins<T>(e, d);
                        const vector upper = xsimd::select(right, b, a),
                                     lower = xsimd::select(lower_right, e, d);
                        const auto below = wins<T>(lower, upper);
                        put(ox * channels + c, xsimd::select(below, lower, upper),
                            xsimd::select(below, xsimd::select(lower_right, three, two),
                                          xsimd::select(right, one, none)),
                            n...);
                    });
            return;
        }
        const part ky = rows_inside(g, oy);
        for (index ox = 0; ox < g.out_width; ++ox) {
            const part kx = columns_inside(g, ox);
            const T* const origin =
                in + (oy * g.stride.height - g.top) * row_size + (ox * g.stride.width - g.left) * channels;
            cover<T>(
                channels, [=](index c, auto... n) __attribute__((always_inline)) {
                    const index row_step = g.dilation.height * row_size;
                    vector best = load(origin + ky.first * row_step + kx.first * pixel_step + c, n...);
                    vector number(static_cast<T>(ky.first * g.kernel.width + kx.first));
                    for (index y_tap = ky.first; y_tap < ky.end; ++y_tap)
                        for (index x_tap = kx.first; x_tap < kx.end; ++x_tap) {
                            const vector here =
                                load(origin + y_tap * row_step + x_tap * pixel_step + c, n...);
                            const auto won = wins<T>(here, best);
                            best = xsimd::select(won, here, best);
                            if constexpr (Remember)
                                number = xsimd::select(
                                    won, vector(static_cast<T>(y_tap * g.kernel.width + x_tap)), number);
                        }
                    put(ox * channels + c, best, number, n...);
                });
        }
    });
}

/// dx of windows of 2x2 side by side: parts(place of the output, n...) are the gradients of its four taps;
/// finish(gradient, place in dx, n...) is what is stored.
template <class T, class Parts, class Finish>
void scatter_two_by_two(T* dx, const window& g, index channels, index batch, const Parts& parts,
                        const Finish& finish) {
    const index row_size = g.in_width * channels, out_size = g.out_width * channels;
    for_each_row<T>(batch, g.out_height, 2 * row_size + out_size, [&](index image, index oy) {
        const index first = (image * g.in_height + 2 * oy) * row_size, second = first + row_size;
        const index from = (image * g.out_height + oy) * out_size;
        for (index ox = 0; ox < g.out_width; ++ox)
            cover<T>(
                channels, [=](index c, auto... n) __attribute__((always_inline)) {
                    const auto d = parts(from + ox * channels + c, n...);
                    const index at = 2 * ox * channels + c;
                    store(dx + first + at, finish(d[0], first + at, n...), n...);
                    store(dx + first + at + channels, finish(d[1], first + at + channels, n...), n...);
                    store(dx + second + at, finish(d[2], second + at, n...), n...);
                    store(dx + second + at + channels, finish(d[3], second + at + channels, n...), n...);
                });
        // what lies in no window
        std::fill(dx + first + 2 * out_size, dx + second, T(0));
        std::fill(dx + second + 2 * out_size, dx + second + row_size, T(0));
        if (oy + 1 == g.out_height)
            std::fill(dx + second + row_size, dx + (image + 1) * g.in_height * row_size, T(0));
    });
}

/// One of the windows that a pixel lies in: the output, which of its taps the pixel is, and what the output
/// weighs.
template <class T> struct window_over {
    index output, number;
    T weight;
};

/// dx of any windows: gather(sum, window_over, c, n...) adds what one output gives to a pixel,
/// weigh(output row, output column) is that output's weight; finish as above.
template <class T, class Weigh, class Gather, class Finish>
void gather_windows(T* dx, const window& g, index channels, index batch, const Weigh& weigh,
                    const Gather& gather, const Finish& finish) {
    const index row_size = g.in_width * channels;
    constexpr index most = 64; // windows at once
    for_each_row<T>(batch, g.in_height, (1 + g.kernel.height) * row_size, [&](index image, index iy) {
        const part oys =
            windows_over(iy, g.stride.height, g.top, g.dilation.height, g.kernel.height, g.out_height);
        const index outputs = image * g.out_height * g.out_width;
        for (index ix = 0; ix < g.in_width; ++ix) {
            const part oxs =
                windows_over(ix, g.stride.width, g.left, g.dilation.width, g.kernel.width, g.out_width);
            const index at = (image * g.in_height + iy) * row_size + ix * channels;
            std::array<window_over<T>, most> over;
            index count = 0;
            bool first = true;
            const auto flush = [&](bool last) {
                const auto add = [ =, &over ](index c, auto... n) __attribute__((always_inline)) {
                    auto sum = first ? vector_of<T>(T(0)) : load(dx + at + c, n...);
                    for (index w = 0; w < count; ++w) gather(sum, over[static_cast<std::size_t>(w)], c, n...);
                    store(dx + at + c, last ? finish(sum, at + c, n...) : sum, n...);
                };
                if (first && last)
                    cover<T>(channels, add);
                else // on top of what is there
                    for_each_vector<T>(channels, channels, [=](index, index c, auto... n) { add(c, n...); });
                count = 0;
                first = false;
            };
            for (index oy = oys.first; oy < oys.end; ++oy) {
                const index down = iy + g.top - oy * g.stride.height, ky = quotient(down, g.dilation.height);
                if (ky * g.dilation.height != down) continue;
                for (index ox = oxs.first; ox < oxs.end; ++ox) {
                    const index along = ix + g.left - ox * g.stride.width,
                                kx = quotient(along, g.dilation.width);
                    if (kx * g.dilation.width != along) continue;
                    if (count == most) flush(false);
                    over[static_cast<std::size_t>(count++)] = {outputs + oy * g.out_width + ox,
                                                               ky * g.kernel.width + kx, weigh(oy, ox)};
                }
            }
            flush(true);
        }
    });
}

} // namespace detail

/// y = the largest number of every window; a NaN in the window gives NaN.
template <class T> void max_pool_forward(T* y, const T* x, const window& g, index channels, index batch) {
    detail::max_pool<T, pool_tap, false>(y, nullptr, x, g, channels, batch);
}

/// The same, and tap (as y) = where in its window the maximum is: the first of equals, or the first NaN.
template <class T, class Tap>
void max_pool_forward_training(T* y, Tap* tap, const T* x, const window& g, index channels, index batch) {
    detail::max_pool<T, Tap, true>(y, tap, x, g, channels, batch);
}

/// dx = the sum of dy over the windows in which a pixel was the maximum. Overwrites dx. `below` is the
/// activation whose output x is: dx is then multiplied by its slope, which at the maximum is that of y.
template <class T, class Tap, class Below = no_activation>
void max_pool_backward(T* dx, const T* dy, const Tap* tap, const window& g, index channels, index batch,
                       const T* y = nullptr, const Below& below = {}) {
    using namespace detail;
    using vector = vector_of<T>;
    const auto gradient = [=](index at, auto... n) __attribute__((always_inline)) {
        if constexpr (std::is_same_v<Below, no_activation>)
            return load(dy + at, n...);
        else
            return times_slope(load(dy + at, n...), below, load(y + at, n...));
    };
    const auto as_it_is = [](const vector& d, index, auto...) __attribute__((always_inline)) {
        return d;
    };
    if (is_two_by_two(g))
        scatter_two_by_two(
            dx, g, channels, batch,
            [=](index at, auto... n) __attribute__((always_inline)) {
                const vector d = gradient(at, n...), number = load_small<T>(tap + at, n...), none(T(0));
                return std::array<vector, 4>{xsimd::select(number == none, d, none),
                                             xsimd::select(number == vector(T(1)), d, none),
                                             xsimd::select(number == vector(T(2)), d, none),
                                             xsimd::select(number == vector(T(3)), d, none)};
            },
            as_it_is);
    else
        gather_windows(
            dx, g, channels, batch, [](index, index) { return T(1); },
            [=](auto& sum, const window_over<T>& w, index c, auto... n) __attribute__((always_inline)) {
                const index at = w.output * channels + c;
                const auto here = load_small<T>(tap + at, n...) == vector(static_cast<T>(w.number));
                sum += xsimd::select(here, gradient(at, n...), vector(T(0)));
            },
            as_it_is);
}

/// y = the mean of every window's pixels. Only pixels of the image count, in the sum and in the number it is
/// divided by: TensorFlow's convention, PyTorch's count_include_pad = false.
template <class T> void average_pool_forward(T* y, const T* x, const window& g, index channels, index batch) {
    using namespace detail;
    using vector = vector_of<T>;
    const index row_size = g.in_width * channels, out_size = g.out_width * channels;
    const index pixel_step = g.dilation.width * channels;
    const bool quick = is_two_by_two(g);
    for_each_row<T>(batch, g.out_height, g.kernel.height * row_size + out_size, [&](index image, index oy) {
        const T* const in = x + image * g.in_height * row_size;
        T* const out = y + (image * g.out_height + oy) * out_size;
        if (quick) {
            const T *const first = in + 2 * oy * row_size, *const second = first + row_size;
            for (index ox = 0; ox < g.out_width; ++ox)
                cover<T>(
                    channels, [=](index c, auto... n) __attribute__((always_inline)) {
                        const index at = 2 * ox * channels + c;
                        const vector upper = load(first + at, n...) + load(first + at + channels, n...);
                        const vector lower = load(second + at, n...) + load(second + at + channels, n...);
                        store(out + ox * channels + c, (upper + lower) * vector(T(0.25)), n...);
                    });
            return;
        }
        const part ky = rows_inside(g, oy);
        for (index ox = 0; ox < g.out_width; ++ox) {
            const part kx = columns_inside(g, ox);
            const T* const origin =
                in + (oy * g.stride.height - g.top) * row_size + (ox * g.stride.width - g.left) * channels;
            const vector share(T(1) / static_cast<T>((ky.end - ky.first) * (kx.end - kx.first)));
            cover<T>(
                channels, [=](index c, auto... n) __attribute__((always_inline)) {
                    const index row_step = g.dilation.height * row_size;
                    vector sum(T(0));
                    for (index y_tap = ky.first; y_tap < ky.end; ++y_tap)
                        for (index x_tap = kx.first; x_tap < kx.end; ++x_tap)
                            sum += load(origin + y_tap * row_step + x_tap * pixel_step + c, n...);
                    store(out + ox * channels + c, sum * share, n...);
                });
        }
    });
}

/// dx = dy / pixels, summed over the windows a pixel lies in. Overwrites dx. `below` is the activation whose
/// output x is: dx is then multiplied by its slope.
template <class T, class Below = no_activation>
void average_pool_backward(T* dx, const T* dy, const window& g, index channels, index batch,
                           const T* x = nullptr, const Below& below = {}) {
    using namespace detail;
    using vector = vector_of<T>;
    const auto finish = [=](const vector& d, index at, auto... n) __attribute__((always_inline)) {
        if constexpr (std::is_same_v<Below, no_activation>)
            return d;
        else
            return times_slope(d, below, load(x + at, n...));
    };
    if (is_two_by_two(g))
        scatter_two_by_two(
            dx, g, channels, batch,
            [=](index at, auto... n) __attribute__((always_inline)) {
                const vector d = load(dy + at, n...) * vector(T(0.25));
                return std::array<vector, 4>{d, d, d, d};
            },
            finish);
    else
        gather_windows(
            dx, g, channels, batch,
            [=](index oy, index ox) {
                const part ky = rows_inside(g, oy), kx = columns_inside(g, ox);
                return T(1) / static_cast<T>((ky.end - ky.first) * (kx.end - kx.first));
            },
            [=](auto& sum, const window_over<T>& w, index c, auto... n) __attribute__((always_inline)) {
                sum = multiply_add(load(dy + w.output * channels + c, n...), vector(w.weight), sum);
            },
            finish);
}

namespace detail {

/// Calls body(image, first channel, channels) in parallel over images and, where they are large, over blocks
/// of channels.
template <class T, class Body>
void for_each_image_part(index pixels, index channels, index batch, const Body& body) {
    const index block = pixels * channels < 2 * sweep_grain ? channels : std::min<index>(channels, 64);
    const index blocks = chunk_count(channels, block);
    const index grain = std::max<index>(1, sweep_grain / (pixels * block));
    sweep(batch * blocks, grain, pixels * block * static_cast<index>(sizeof(T)), [&](index begin, index end) {
        for (index i = begin; i < end; ++i) {
            const index c0 = i % blocks * block;
            body(i / blocks, c0, std::min(block, channels - c0));
        }
    });
}

} // namespace detail

/// y (batch, channels) = the mean of x (batch, pixels, channels) over the pixels.
template <class T> void global_average_forward(T* y, const T* x, index pixels, index channels, index batch) {
    using namespace detail;
    const T share = T(1) / static_cast<T>(pixels);
    for_each_image_part<T>(pixels, channels, batch, [&](index image, index c0, index count) {
        const T* const in = x + image * pixels * channels + c0;
        T* const out = y + image * channels + c0;
        cover<T>(
            count, [=](index c, auto... n) __attribute__((always_inline)) {
                std::array<vector_of<T>, 4> sums;
                sums.fill(vector_of<T>(T(0)));
                index pixel = 0;
                for (; pixel + 4 <= pixels; pixel += 4)
                    for (std::size_t s = 0; s < 4; ++s)
                        sums[s] += load(in + (pixel + static_cast<index>(s)) * channels + c, n...);
                for (; pixel < pixels; ++pixel) sums[0] += load(in + pixel * channels + c, n...);
                store(out + c, ((sums[0] + sums[1]) + (sums[2] + sums[3])) * vector_of<T>(share), n...);
            });
    });
}

/// dx (batch, pixels, channels) = dy (batch, channels) / pixels. `below` is the activation whose output x is:
/// dx is then multiplied by its slope.
template <class T, class Below = no_activation>
void global_average_backward(T* dx, const T* dy, index pixels, index channels, index batch,
                             const T* x = nullptr, const Below& below = {}) {
    using namespace detail;
    const T share = T(1) / static_cast<T>(pixels);
    for_each_row<T>(batch, pixels, channels, [&](index image, index pixel) {
        const index from = image * channels, to = (image * pixels + pixel) * channels;
        cover<T>(
            channels, [=](index c, auto... n) __attribute__((always_inline)) {
                const auto d = load(dy + from + c, n...) * vector_of<T>(share);
                if constexpr (std::is_same_v<Below, no_activation>)
                    store(dx + to + c, d, n...);
                else
                    store(dx + to + c, times_slope(d, below, load(x + to + c, n...)), n...);
            });
    });
}

} // namespace strata
