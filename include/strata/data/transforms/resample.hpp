#pragma once

#include <strata/core/shape.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace strata::detail {

/// Room that `resample` needs.
constexpr index resample_scratch(const shape& s) {
    return (s.height + 3) * (s.width + 3) * s.channels;
}

/// Samples an image anew where it lies: pixel (h, w) becomes what was at the place `where(h, w)`, which has
/// members row and column, between the four pixels around it (bilinear interpolation, with zeros outside).
/// Places are rounded to 1/4096 of a pixel, so that the middle of a pixel is met exactly.
template <class T, class Where> void resample(T* x, const shape& s, T* scratch, const Where& where) {
    // The image with a border of zeros, one pixel at the top and left and two at the bottom and right.
    const index c = s.channels, row = s.width * c, wide = row + 3 * c;
    T* const inner = scratch + wide + c;
    std::fill(scratch, inner, T{0});
    for (index h = 0; h < s.height; ++h) {
        std::copy_n(x + h * row, row, inner + h * wide);
        std::fill_n(inner + h * wide + row, 3 * c, T{0});
    }
    std::fill(inner + s.height * wide, scratch + resample_scratch(s), T{0});

    constexpr std::int32_t one = 4'096;
    const auto fixed = [](T place, T size) { // of the bordered image
        return static_cast<std::int32_t>((std::min(std::max(place, T{-1}), size) + 1) * T{one} + T{0.5});
    };
    const T height = static_cast<T>(s.height), width = static_cast<T>(s.width);
    constexpr index block = 32;
    std::array<std::int32_t, block> rows, columns; // first all places, then all pixels: loops of vectors
    for (index h = 0; h < s.height; ++h)
        for (index begin = 0; begin < s.width; begin += block) {
            const index count = std::min(block, s.width - begin);
            for (index w = 0; w < count; ++w) {
                const auto place = where(h, begin + w);
                rows[static_cast<std::size_t>(w)] = fixed(place.row, height);
                columns[static_cast<std::size_t>(w)] = fixed(place.column, width);
            }
            for (index w = 0; w < count; ++w, x += c) {
                const std::int32_t i = rows[static_cast<std::size_t>(w)],
                                   j = columns[static_cast<std::size_t>(w)];
                const T lower = static_cast<T>(i % one) / T{one}, right = static_cast<T>(j % one) / T{one};
                const T *const above = scratch + i / one * wide + j / one * c, *const below = above + wide;
                for (index k = 0; k < c; ++k) {
                    const T top = above[k] + right * (above[c + k] - above[k]);
                    const T bottom = below[k] + right * (below[c + k] - below[k]);
                    x[k] = top + lower * (bottom - top);
                }
            }
        }
}

} // namespace strata::detail
