#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/kernels/pool.hpp>
#include <strata/layers/pool.hpp>

#include <string_view>

namespace strata {

/// y = the mean of every window, channel by channel; x (batch, height, width, channels). Pixels outside the
/// image do not count, neither in the sum nor in the number it is divided by: TensorFlow's convention,
/// PyTorch's count_include_pad = false.
template <pool Options = pool{}> struct average_pool2d {
    static constexpr std::string_view name = "average_pool2d";
    static constexpr shape output(shape in) { return Options.output(in); }

    template <shape In, class T> struct layer {
        static_assert(
            Options.has_sound_sizes(),
            "average_pool2d: the size must be at least 1, the stride at least 1 (or 0: as the size)");
        static_assert(
            Options.has_sound_padding(),
            "average_pool2d: the padding must be smaller than the window, or a window sees no pixel at all");
        static_assert(
            !Options.has_sound_sizes() || !Options.has_sound_padding() || output(In).is_valid(),
            "average_pool2d: nothing is left of its input: choose a smaller size, or padding = same");

        static constexpr bool backward_reads_input = false, backward_reads_output = false;

        void forward(const T* x, T* y, const pass& p) const {
            average_pool_forward(y, x, Options.geometry(In), In.channels, p.batch);
        }
        template <class Below = no_activation>
        void backward(const T* x, const T*, const T* dy, T* dx, const pass& p, const Below& below = {}) {
            average_pool_backward(dx, dy, Options.geometry(In), In.channels, p.batch, x, below);
        }
    };
};

} // namespace strata
