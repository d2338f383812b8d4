#pragma once

#include <strata/core/error.hpp>
#include <strata/core/random.hpp>
#include <strata/core/shape.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

// What the transforms of images share.

namespace strata {

/// What lies outside of an image: zeros, or the image mirrored at its outermost pixels, which are not
/// repeated (c b | a b c | b a).
enum class padding_mode { zero, reflect };

namespace detail {

/// Throws argument_error unless low <= value <= high, which NaN is not.
inline void check_option(const char* who, const char* what, double value, double low, double high) {
    if (!(value >= low && value <= high))
        fail<argument_error>(who, ": ", what, " must be in ", low, " .. ", high, ", got ", value);
}
/// Throws argument_error for samples that are flat rows.
inline void check_image(const char* who, const shape& s) {
    if (s.is_flat()) fail<argument_error>(who, ": takes images, the samples are rows of ", s.channels);
}
/// Throws argument_error unless an image can be moved by up to so many pixels, and not out of sight.
inline void check_shift(const char* who, const char* what, index pixels, const shape& s) {
    check_image(who, s);
    const index most = std::min(s.height, s.width) - 1;
    if (pixels < 0 || pixels > most)
        fail<argument_error>(who, ": ", what, " must be in 0 .. ", most, " for samples of ", s, ", got ",
                             pixels);
}

/// Uniform among -n .. n.
inline index whole_number(const random_source& random, std::uint64_t element, index n) {
    return static_cast<index>(random.below(element, static_cast<std::uint32_t>(2 * n + 1))) - n;
}
/// Uniform in [-limit, limit).
inline double real_number(const random_source& random, std::uint64_t element, double limit) {
    return limit * (2 * random.uniform(element) - 1);
}

/// to(h, w) = from(h - down, w - right): moves an image down and to the right, or where they are negative up
/// and to the left, by less than its height and width.
template <class T> void shift(const T* from, T* to, shape s, index down, index right, padding_mode mode) {
    const index c = s.channels, row = s.width * c;
    const index begin = std::max<index>(0, right), end = s.width + std::min<index>(0, right); // from inside
    const auto mirrored = [](index i, index size) { return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i; };
    for (index h = 0; h < s.height; ++h, to += row) {
        const bool inside = h >= down && h < s.height + down;
        if (!inside && mode == padding_mode::zero) {
            std::fill_n(to, row, T{0});
            continue;
        }
        const T* const source = from + mirrored(h - down, s.height) * row;
        std::copy_n(source + (begin - right) * c, (end - begin) * c, to + begin * c);
        const auto outside = [&](index w, index until) {
            if (mode == padding_mode::zero)
                std::fill(to + w * c, to + until * c, T{0});
            else
                for (; w < until; ++w) std::copy_n(source + mirrored(w - right, s.width) * c, c, to + w * c);
        };
        outside(0, begin);
        outside(end, s.width);
    }
}

/// The same where the image lies; `copy` has room for it.
template <class T> void shift_in_place(T* x, T* copy, shape s, index down, index right, padding_mode mode) {
    if (down == 0 && right == 0) return;
    std::copy_n(x, s.size(), copy);
    shift(copy, x, s, down, right, mode);
}

/// Mirrors an image left to right, where it lies.
template <class T> void mirror(T* x, shape s) {
    const auto rows = [&](auto channels) {
        const index c = channels;
        for (index h = 0; h < s.height; ++h)
            for (T *left = x + h * s.width * c, *right = left + (s.width - 1) * c; left < right;
                 left += c, right -= c)
                for (index k = 0; k < c; ++k) std::swap(left[k], right[k]);
    };
    if (s.channels == 1)
        rows(std::integral_constant<index, 1>{});
    else if (s.channels == 3)
        rows(std::integral_constant<index, 3>{});
    else
        rows(s.channels);
}

} // namespace detail
} // namespace strata
