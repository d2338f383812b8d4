#pragma once

#include <strata/core/shape.hpp>

namespace strata {

/// The options of max_pool2d and average_pool2d: max_pool2d<pool{.size = 3, .stride = 2, .padding = same}>.
struct pool {
    size2 size = 2;
    size2 stride = 0; ///< 0: as size, so that windows do not overlap
    strata::padding padding = valid;

    constexpr size2 step() const {
        return {stride.height == 0 ? size.height : stride.height,
                stride.width == 0 ? size.width : stride.width};
    }
    constexpr bool has_sound_sizes() const {
        return size.height > 0 && size.width > 0 && stride.height >= 0 && stride.width >= 0;
    }
    /// Every window sees at least one pixel.
    constexpr bool has_sound_padding() const {
        return padding.top >= 0 && padding.bottom >= 0 && padding.left >= 0 && padding.right >= 0
               && padding.top < size.height && padding.bottom < size.height && padding.left < size.width
               && padding.right < size.width;
    }
    constexpr window geometry(shape in) const {
        if (!has_sound_sizes() || !has_sound_padding() || !in.is_valid())
            return {in.height, in.width, 0, 0, 1, 1, 1, 0, 0};
        return window::from(in, size, step(), 1, padding);
    }
    constexpr shape output(shape in) const {
        const window g = geometry(in);
        return {g.out_height, g.out_width, in.channels};
    }
};

} // namespace strata
