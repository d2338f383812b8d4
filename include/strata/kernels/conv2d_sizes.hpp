#pragma once

#include <strata/core/shape.hpp>

namespace strata {

/// Everything a convolution kernel needs to know about its arrays:
/// x (batch, in_height, in_width, channels), w (kernel height, kernel width, channels, filters),
/// y (batch, out_height, out_width, filters), bias (filters).
struct conv2d_sizes {
    window geometry;
    index channels, filters, batch;

    constexpr index inputs() const { return geometry.in_height * geometry.in_width * channels; }
    constexpr index outputs() const { return geometry.outputs() * filters; }
    /// Inputs of one output: rows of the weights as a matrix.
    constexpr index patch() const { return geometry.taps() * channels; }
    constexpr index weights() const { return patch() * filters; }
    /// The arrays are matrices: 1x1 kernels with stride 1, and no border.
    constexpr bool is_product() const {
        const window& g = geometry;
        return g.kernel == size2(1) && g.stride == size2(1) && g.top == 0 && g.left == 0
               && g.out_height == g.in_height && g.out_width == g.in_width;
    }
    /// Of every pass, those with the padding among them.
    constexpr index multiply_adds() const { return batch * outputs() * patch(); }
};

} // namespace strata
