#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/kernels/pool.hpp>
#include <strata/layers/pool.hpp>

#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace strata {

/// y = the largest number of every window, channel by channel; x (batch, height, width, channels). Pixels
/// outside the image never win. Backward, the gradient goes to the maximum, to the first of equals in
/// row-major order. A NaN in a window gives NaN.
template <pool Options = pool{}> struct max_pool2d {
    static constexpr std::string_view name = "max_pool2d";
    static constexpr shape output(shape in) { return Options.output(in); }

    template <shape In, class T> struct layer {
        static_assert(Options.has_sound_sizes(),
                      "max_pool2d: the size must be at least 1, the stride at least 1 (or 0: as the size)");
        static_assert(
            Options.has_sound_padding(),
            "max_pool2d: the padding must be smaller than the window, or a window sees no pixel at all");
        static_assert(!Options.has_sound_sizes() || !Options.has_sound_padding() || output(In).is_valid(),
                      "max_pool2d: nothing is left of its input: choose a smaller size, or padding = same");
        static_assert(Options.size.height * Options.size.width <= std::numeric_limits<std::uint16_t>::max(),
                      "max_pool2d: the window is too large: use a global pooling");
        /// One byte says which tap was the maximum, two where the window has more than 256.
        using tap =
            std::conditional_t<Options.size.height * Options.size.width <= 256, pool_tap, std::uint16_t>;

        static constexpr bool backward_reads_input = false, backward_reads_output = false;
        /// The slope of the activation below at the maximum is its slope at y.
        static constexpr bool below_reads_output = true;
        static constexpr index memory(extent e) { return bytes_of<tap>(e.batch * output(In).size()); }

        void forward(const T* x, T* y, const pass& p) const {
            max_pool_forward(y, x, Options.geometry(In), In.channels, p.batch);
        }
        void forward_training(const T* x, T* y, const pass& p) {
            max_pool_forward_training(y, taps(p), x, Options.geometry(In), In.channels, p.batch);
        }
        template <class Below = no_activation>
        void backward(const T*, const T* y, const T* dy, T* dx, const pass& p, const Below& below = {}) {
            max_pool_backward(dx, dy, taps(p), Options.geometry(In), In.channels, p.batch, y, below);
        }

    private:
        static tap* taps(const pass& p) { return reinterpret_cast<tap*>(p.memory); }
    };
};

} // namespace strata
