#pragma once

#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/kernels/conv2d.hpp>

#include <string_view>
#include <tuple>
#include <type_traits>

namespace strata {

/// The options of conv2d: conv2d<conv{.filters = 32, .kernel = 5, .padding = same}>.
struct conv {
    index filters = 0;
    size2 kernel = 3;
    size2 stride = 1;
    size2 dilation = 1;
    strata::padding padding = valid;
    bool bias = true;

    constexpr bool is_sound() const {
        return filters > 0 && kernel.height > 0 && kernel.width > 0 && stride.height > 0 && stride.width > 0
               && dilation.height > 0 && dilation.width > 0 && padding.top >= 0 && padding.bottom >= 0
               && padding.left >= 0 && padding.right >= 0;
    }
};

/// y = x * w + b, the cross-correlation that the field calls convolution: x (batch, height, width, channels),
/// w (kernel height, kernel width, channels, filters), b (filters),
/// y[oy, ox, f] = b[f] + sum over ky, kx, c of x[oy stride + ky dilation - top, ox stride + kx dilation -
/// left, c] w[ky, kx, c, f], where x is 0 outside the image.
template <conv Options> struct conv2d {
    initialiser weight_init = automatic{}, bias_init = constant{0};

    static constexpr std::string_view name = "conv2d";
    static constexpr window geometry(shape in) {
        if (!Options.is_sound() || !in.is_valid()) return {in.height, in.width, 0, 0, 1, 1, 1, 0, 0};
        return window::from(in, Options.kernel, Options.stride, Options.dilation, Options.padding);
    }
    static constexpr shape output(shape in) {
        const window g = geometry(in);
        return {g.out_height, g.out_width, Options.filters};
    }

    template <shape In, class T> struct layer {
        static_assert(Options.filters > 0, "conv2d: say how many filters: conv2d<conv{.filters = 32}>");
        static_assert(Options.kernel.height > 0 && Options.kernel.width > 0,
                      "conv2d: the kernel needs at least one row and one column");
        static_assert(Options.stride.height > 0 && Options.stride.width > 0,
                      "conv2d: the stride must be at least 1");
        static_assert(Options.dilation.height > 0 && Options.dilation.width > 0,
                      "conv2d: the dilation must be at least 1 (1: no gaps between the taps)");
        static_assert(Options.padding.top >= 0 && Options.padding.bottom >= 0 && Options.padding.left >= 0
                          && Options.padding.right >= 0,
                      "conv2d: the padding must not be negative");
        static_assert(!Options.is_sound() || geometry(In).outputs() > 0,
                      "conv2d: the kernel is larger than its padded input: choose a smaller kernel or "
                      "dilation, or padding = same");

        conv2d spec;
        parameter<T, 4> weight{};
        parameter<T, 1> bias{};

        static constexpr index taps = Options.kernel.height * Options.kernel.width;
        static constexpr auto parameters = [] {
            const auto w = trainable(
                "weight", &layer::weight,
                extents(Options.kernel.height, Options.kernel.width, In.channels, Options.filters),
                kind::weight, &conv2d::weight_init, fan{taps * In.channels, taps * Options.filters});
            if constexpr (Options.bias)
                return std::tuple{w, trainable("bias", &layer::bias, extents(Options.filters), kind::bias,
                                               &conv2d::bias_init)};
            else
                return std::tuple{w};
        }();
        static constexpr conv2d_sizes sizes(index batch) {
            return {geometry(In), In.channels, Options.filters, batch};
        }
        /// What its sizes let it choose from.
        static constexpr conv2d_candidates among = conv2d_candidates::of(sizes(1));
        static constexpr index multiply_adds = geometry(In).outputs() * taps * In.channels * Options.filters;
        static constexpr bool backward_reads_output = false;
        static constexpr index scratch(extent e) {
            return conv2d_scratch<T>(sizes(e.batch), e.threads, e.training, among);
        }

        template <class Activation = no_activation>
        void forward(const T* x, T* y, const pass& p, const Activation& activation = {}) const {
            const T* const b = Options.bias ? bias.value.data() : nullptr;
            conv2d_forward<among>(y, x, weight.value.data(), b, sizes(p.batch), p.threads, p.scratch,
                                  activation);
        }

        template <class Below = no_activation>
        void backward(const T* x, const T*, const T* dy, auto dx, const pass& p, const Below& below = {}) {
            T* const db = Options.bias ? bias.gradient.data() : nullptr;
            conv2d_backward_weights<among>(weight.gradient.data(), db, x, dy, sizes(p.batch), p.threads,
                                           p.scratch);
            if constexpr (!std::is_null_pointer_v<decltype(dx)>) backward_input(x, nullptr, dy, dx, p, below);
        }
        static constexpr bool backward_input_reads_input = false;
        template <class Below = no_activation>
        void backward_input(const T* x, const T*, const T* dy, T* dx, const pass& p,
                            const Below& below = {}) const {
            conv2d_backward_data<among>(dx, dy, weight.value.data(), sizes(p.batch), p.threads, p.scratch, x,
                                        below);
        }
    };
};

} // namespace strata
