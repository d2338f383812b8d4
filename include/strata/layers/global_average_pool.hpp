#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/kernels/pool.hpp>

#include <string_view>

namespace strata {

/// y (batch, channels) = the mean of x (batch, height, width, channels) over all pixels. Lin, Chen and Yan,
/// "Network in network", 2014.
struct global_average_pool {
    static constexpr std::string_view name = "global_average_pool";
    static constexpr shape output(shape in) { return {1, 1, in.channels}; }

    template <shape In, class T> struct layer {
        static constexpr bool backward_reads_input = false, backward_reads_output = false;

        void forward(const T* x, T* y, const pass& p) const {
            global_average_forward(y, x, In.pixels(), In.channels, p.batch);
        }
        template <class Below = no_activation>
        void backward(const T* x, const T*, const T* dy, T* dx, const pass& p, const Below& below = {}) {
            global_average_backward(dx, dy, In.pixels(), In.channels, p.batch, x, below);
        }
    };
};

} // namespace strata
