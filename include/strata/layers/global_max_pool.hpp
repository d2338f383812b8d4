#pragma once

#include <strata/core/shape.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/pool.hpp>

#include <cstdint>
#include <limits>
#include <string_view>

namespace strata {

/// y (batch, channels) = the largest number of x (batch, height, width, channels) over all pixels. Backward,
/// the gradient goes to the maximum, to the first of equals in row-major order. A NaN in a channel gives NaN.
struct global_max_pool {
    static constexpr std::string_view name = "global_max_pool";
    static constexpr shape output(shape in) { return {1, 1, in.channels}; }

    /// A max_pool2d with one window.
    template <shape In, class T>
    struct layer : max_pool2d<pool{.size = {In.height, In.width}}>::template layer<In, T> {
        static_assert(In.pixels() <= std::numeric_limits<std::uint16_t>::max(),
                      "global_max_pool: an image may have at most 65535 pixels");
    };
};

} // namespace strata
