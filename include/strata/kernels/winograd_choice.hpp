#pragma once

#include <strata/core/simd.hpp>
#include <strata/kernels/conv2d_sizes.hpp>

#include <algorithm>
#include <utility>

// Where Winograd's convolutions are faster than direct ones.
//
// Measured on one core (1 MiB of second-level cache, AVX-512, float; % of the FMA peak of the same process,
// work counted as a direct kernel's; forward / input gradient / weight gradient). A direct kernel reaches 90
// - 105 %.
//
//   channels x filters, image, batch     F(4x4)            F(2x2)
//   64 x 64, 32x32, 64                   251 / 262 / 251   174 / 175 / 171
//   64 x 128, 16x16, 64                  266 / 281 / 264   181 / 185 / 170
//   128 x 128, 16x16, 64                 308 / 305 / 271   197 / 197 / 181
//   128 x 256, 8x8, 64                   302 / 322 / 263   202 / 206 / 183
//   256 x 256, 8x8, 64                   327 / 330 / 274   208 / 206 / 178
//   32 x 32, 32x32, 8                    219 / 218 / 173   158 / 156 / 116
//   16 x 16, 32x32, 8                    144 / 147 /  70   104 / 103 /  59
//   8 x 8, 32x32, 8                       50 /  52 /  23    34 /  34 /  20
//   64 x 64, 5x5, 16 (half-used tiles)    97 /  98 /  73   115 / 114 /  76
//   64 x 64, 6x6, 16                     155 / 155 / 125   177 / 173 / 131
//   64 x 64, 8x8, 1 (4 tiles of 4x4)     124 /  93 / 110   130 /  93 / 115
//   256 x 256, 8x8, 1                     57 /  56 /  61    95 /  70 /  94
//   512 x 512, 8x8, 4                    107 /  85 / 110   121 /  90 / 116
//   stride 2, kernel 5x5:
//   64 x 32, 32x32, 64                   135 / 134 /  95   101 /  89 /  92
//   32 x 32, 16x16, 64                   153 / 158 / 140    96 /  91 /  79
//   32 x 32, 8x8, 64                     150 / 147 / 139   104 /  97 /  94
//
// Three things cost beside the products: the transforms of tiles (few channels or filters lose), tiles that
// stand over the image's edge, and the transform of the filters (few tiles lose, wide layers most of all).
// Their sum, with constants fitted to 128 shapes of 4 to 512 channels, 3x3 to 32x32 pixels and batches of 1
// to 32, chooses what reaches 97 % of the speed of the best of the three, on average over shapes and passes.

namespace strata {

enum class conv2d_pass { forward, backward_data, backward_weights };

namespace detail {

/// What F(Tile x Tile, 3x3) costs, in multiply-adds of whole vectors at the FMA peak. A whole number, so that
/// the choice is the same wherever it is made: no compiler rounds it differently in another place.
template <index Tile> constexpr index winograd_cost(const conv2d_sizes& s, conv2d_pass pass) {
    constexpr index positions = (Tile + 2) * (Tile + 2), lane = lanes<float>;
    constexpr double in_cache = 2.5e6; // bytes of transformed filters that do not leave the caches
    const bool weights = pass == conv2d_pass::backward_weights, data = pass == conv2d_pass::backward_data;
    const auto up = [](index n, index unit) { return (n + unit - 1) / unit; };
    const index step = s.geometry.stride.height, phases = step * step;
    const index in = data ? s.filters : phases * s.channels;
    const index out = data ? phases * (phases == 1 ? s.channels : up(s.channels, lane) * lane) : s.filters;
    const index height = data ? up(s.geometry.in_height, step) : s.geometry.out_height;
    const index width = data ? up(s.geometry.in_width, step) : s.geometry.out_width;
    const auto tiles = static_cast<double>(s.batch * up(height, Tile) * up(width, Tile));
    const auto out_vectors = static_cast<double>(up(out, lane));
    const auto filters = static_cast<double>(positions * in) * out_vectors; // transformed, in vectors
    const bool large = filters * static_cast<double>(lane) * 4 > in_cache;
    const double narrow = weights && up(out, lane) % 2 == 1 ? 0.6 : 0; // a register tile of one vector
    const double transform = Tile == 4 ? (weights ? 750 : 480) : (weights ? 260 : 130);
    const double filter = large ? 24 : data ? 10 : weights ? 8 : 6.5;
    const auto products = static_cast<index>(filters * tiles / 0.93 * (1 + narrow / out_vectors));
    const auto transforms =
        static_cast<index>(transform * tiles * (static_cast<double>(up(in, lane)) + out_vectors));
    return products + transforms + static_cast<index>(filter * filters);
}

/// The same of a direct kernel, which copies the weights once and fills vectors with several pixels where
/// there are few filters.
constexpr index direct_cost(const conv2d_sizes& s, conv2d_pass pass) {
    const bool data = pass == conv2d_pass::backward_data;
    const index in = data ? s.filters : s.channels, out = data ? s.channels : s.filters;
    const index pixels = data ? s.geometry.in_height * s.geometry.in_width : s.geometry.outputs();
    const double rate = pass == conv2d_pass::backward_weights ? 1.05 : 1.12; // of the peak, with a margin
    const double vectors = out < lanes<float> ? static_cast<double>(out) / static_cast<double>(lanes<float>)
                                              : static_cast<double>((out + lanes<float> - 1) / lanes<float>);
    const index step = data ? s.geometry.stride.height * s.geometry.stride.width : 1;
    const double taps = static_cast<double>(s.geometry.taps()) / static_cast<double>(step);
    return static_cast<index>(taps * static_cast<double>(in) * vectors
                              * (static_cast<double>(s.batch * pixels) / rate + 5));
}

} // namespace detail

/// Whether Winograd's kernels can do a convolution: stride 1 with kernels of 2x2 to 3x3, stride 2 with
/// kernels of 3x3 to 6x6 (with smaller ones some phases have no taps).
constexpr bool winograd_can(const conv2d_sizes& s) {
    const window& g = s.geometry;
    return g.stride.height == g.stride.width && g.stride.height <= 2 && g.dilation == size2(1)
           && g.kernel.height > g.stride.height && g.kernel.height <= 3 * g.stride.height
           && g.kernel.width > g.stride.width && g.kernel.width <= 3 * g.stride.width;
}

/// The tile, 4 or 2 if they are allowed, with which a convolution is fastest; 0 where a direct kernel is.
constexpr index winograd_tile(const conv2d_sizes& s, conv2d_pass pass, bool two = true, bool four = true) {
    if (!winograd_can(s)) return 0;
    index least = detail::direct_cost(s, pass);
    index best = 0;
    if (const index cost = detail::winograd_cost<4>(s, pass); four && cost < least) {
        least = cost;
        best = 4;
    }
    if (const index cost = detail::winograd_cost<2>(s, pass); two && cost < least) best = 2;
    return best;
}

constexpr bool winograd_wins(const conv2d_sizes& s, conv2d_pass pass) {
    return winograd_tile(s, pass) != 0;
}

} // namespace strata
