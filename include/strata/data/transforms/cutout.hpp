#pragma once

#include <strata/core/shape.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/image.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

namespace strata {

/// Overwrites a square of every image with one number (DeVries and Taylor, "Improved regularization of
/// convolutional neural networks with cutout", 2017). Its centre is drawn from all pixels, so that a part of
/// it may lie outside. Behind `standardise` 0 is the mean colour.
struct cutout {
    index size = 8; ///< pixels in a row of the square
    double fill = 0;

    static constexpr std::string_view name = "cutout";
    void check(const shape& s) const {
        detail::check_image("cutout", s);
        if (size < 0 || size > std::max(s.height, s.width))
            detail::fail<argument_error>("cutout: size must be in 0 .. ", std::max(s.height, s.width),
                                         " for samples of ", s, ", got ", size);
        constexpr double most = std::numeric_limits<float>::max();
        detail::check_option("cutout", "fill", fill, -most, most);
    }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>& context) const {
        const auto from = [&](std::uint64_t element, index pixels) {
            return static_cast<index>(context.random.below(element, static_cast<std::uint32_t>(pixels)))
                   - size / 2;
        };
        const index top = from(0, s.height), left = from(1, s.width);
        const index begin = std::max<index>(0, left), end = std::min(s.width, left + size);
        for (index h = std::max<index>(0, top); h < std::min(s.height, top + size); ++h) {
            T* const row = x + h * s.width * s.channels;
            std::fill(row + begin * s.channels, row + end * s.channels, static_cast<T>(fill));
        }
    }
};

} // namespace strata
