#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/simd.hpp>
#include <strata/kernels/conv2d_sizes.hpp>
#include <strata/kernels/register_tile.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

// How a convolution by Winograd's algorithm is cut, and how one with stride 2 becomes one with stride 1.

namespace strata::detail {

/// One axis of the input gradient of a convolution with stride `step`. Pixel step (first[p] + q) + p - border
/// is pixel q of phase p; it sees the pixels q + last - 2, .. q + last of dy, the last through tap first[p] -
/// last of the phase, the one before through the next tap.
struct winograd_axis {
    std::array<index, 2> first{};
    index last = 0, size = 0; ///< pixels of a phase

    static constexpr winograd_axis of(index step, index kernel, index border, index in) {
        winograd_axis a;
        index least = 0;
        for (index p = 0; p < step; ++p) {
            const index begin = border > p ? chunk_count(border - p, step) : 0;
            const index taps = p < kernel ? chunk_count(kernel - p, step) : 1;
            a.first[static_cast<std::size_t>(p)] = begin;
            a.last = p == 0 ? begin : std::max(a.last, begin);
            least = p == 0 ? begin - taps + 1 : std::min(least, begin - taps + 1);
        }
        if (a.last - least > 2) { // a window of three does not hold all phases: let all begin with the first
            a.last = border / step;
            a.first.fill(a.last);
        }
        for (index p = 0; p < step; ++p) {
            const index room = in - 1 + border - p;
            if (room >= 0) a.size = std::max(a.size, room / step + 1 - a.first[static_cast<std::size_t>(p)]);
        }
        return a;
    }
};

/// A convolution with stride `step` as one with stride 1. Phase (py, px) of an image has its rows py - top,
/// py - top + step, ... and its columns likewise; tap j of a phase is tap step j + py of the kernel.
template <class T> struct winograd_phases {
    conv2d_sizes real;
    index step, width; ///< elements from one phase's channels to the next
    bool of_output;    ///< the phases are those of the output (of the input gradient), not of the source
    winograd_axis rows{}, columns{}; ///< of the input gradient

    constexpr index count() const { return step * step; }
    /// Where a phase's pixel (0, 0) is in the image.
    constexpr index row(index phase) const {
        return step * rows.first[static_cast<std::size_t>(phase / step)] + phase / step - real.geometry.top;
    }
    constexpr index column(index phase) const {
        return step * columns.first[static_cast<std::size_t>(phase % step)] + phase % step
               - real.geometry.left;
    }
    /// The kernel's tap that is tap (i, j) of a phase; -1 if there is none.
    constexpr index tap(index phase, index i, index j) const {
        const size2 kernel = real.geometry.kernel;
        const index y = step * i + phase / step, x = step * j + phase % step;
        return i >= 0 && j >= 0 && y < kernel.height && x < kernel.width ? y * kernel.width + x : -1;
    }
    /// The tap that pixel (i, j) of the window of dy meets.
    constexpr index turned_tap(index phase, index i, index j) const {
        return tap(phase, 2 - i - rows.last + rows.first[static_cast<std::size_t>(phase / step)],
                   2 - j - columns.last + columns.first[static_cast<std::size_t>(phase % step)]);
    }
};

/// How a convolution in the transform domain is cut. Tiles of all images are numbered one after the other.
/// For every one of the positions of a transformed tile there is a product V (tiles, channels) times U
/// (channels, filters) = M (tiles, filters). Functions of the sizes alone.
template <class T, index Tile> struct winograd_plan {
    conv2d_sizes s;            ///< with stride 1: what is multiplied
    winograd_phases<T> phases; ///< what that means for the convolution asked for

    static constexpr index points = Tile + 2, positions = points * points;
    static constexpr index width = 2 * lanes<T>;          ///< filters of one block
    static constexpr index rows = most_rows(2);           ///< tiles of one register tile
    static constexpr index cache = 640 * 1024;            ///< bytes of V of a run of tiles
    static constexpr index least_tiles = 16;              ///< fewer in a run read U too often
    static constexpr index most_tiles = 40;               ///< more gain nothing
    static constexpr index least_runs = 8;                ///< so that there is work for all threads
    static constexpr index wide_memory = 4 * 1024 * 1024; ///< bytes of V and dM in the weight gradient
    static constexpr index least_wide = 128;              ///< fewer tiles read and write dU too often
    static constexpr index tiles_per_piece = 8;           ///< transformed by one thread at a time
    static constexpr index channels_per_piece = lanes<T>; ///< of the filters

    constexpr index tile_rows() const { return (s.geometry.out_height + Tile - 1) / Tile; }
    constexpr index tile_columns() const { return (s.geometry.out_width + Tile - 1) / Tile; }
    constexpr index tiles() const { return s.batch * tile_rows() * tile_columns(); }
    constexpr index blocks() const { return chunk_count(s.filters, width); }
    /// Vectors of filters in a block: only the last one may have one.
    constexpr index vectors_in(index block) const { return s.filters - block * width > lanes<T> ? 2 : 1; }
    /// Channels of V at a time: those of one phase where all would not stay in the cache.
    constexpr index channels() const { return s.channels / pieces(); }
    constexpr index pieces() const {
        const index bytes = positions * s.channels * least_tiles * static_cast<index>(sizeof(T));
        return phases.of_output || bytes <= cache / 2 ? 1 : phases.count();
    }
    /// Elements from one tile to the next in V: whole vectors, and never so many that the tiles of a product
    /// meet in the same lines of the first-level cache.
    constexpr index tile_stride() const { return tile_stride(channels()); }
    constexpr index wide_stride() const { return tile_stride(s.channels); }
    constexpr index tile_stride(index channels) const {
        // the channels of a phase are written in whole vectors
        const index own = phases.of_output ? channels : phases.real.channels;
        const index vectors = chunk_count(channels - own + chunk_count(own, lanes<T>) * lanes<T>, lanes<T>);
        const index whole = vectors * lanes<T>;
        return whole * static_cast<index>(sizeof(T)) % 1024 == 0 ? whole + line : whole;
    }
    static constexpr index line = alignment / static_cast<index>(sizeof(T));
    /// Elements from one position to the next: an odd number of cache lines, for the same reason.
    static constexpr index odd_lines(index elements) {
        return (elements + line - 1) / line / 2 * 2 * line + line;
    }
    constexpr index v_stride(index tiles_) const { return odd_lines(tiles_ * tile_stride()); }
    constexpr index wide_v_stride(index tiles_) const { return odd_lines(tiles_ * wide_stride()); }
    constexpr index m_stride(index tiles_) const { return odd_lines(tiles_ * width); }
    constexpr index u_stride() const { return odd_lines(s.channels * width); }

    /// Tiles whose V and a block's M stay in the second-level cache while U streams past; whole register
    /// tiles.
    constexpr index tiles_per_run() const {
        const index kept = pieces() > 1 ? blocks() * width : 0;
        const index bytes = positions * (tile_stride() + kept) * static_cast<index>(sizeof(T));
        const index fit = std::clamp(cache / bytes, least_tiles, most_tiles) / rows;
        const index shared = chunk_count(tiles(), least_runs * rows);
        return std::min(fit, shared) * rows;
    }
    /// Tiles whose V and dM are multiplied at once in the weight gradient.
    constexpr index wide_tiles() const {
        const index bytes = positions * (wide_stride() + blocks() * width) * static_cast<index>(sizeof(T));
        const index most = std::max(least_wide, wide_memory / bytes);
        return chunk_count(tiles(), chunk_count(tiles(), most));
    }

    constexpr index zeros() const { return std::max(s.channels, s.filters) + lanes<T>; }
    constexpr index u_size() const { return blocks() * positions * u_stride(); }
    constexpr index v_size() const { return positions * v_stride(tiles_per_run()); }
    /// With several pieces all blocks' M are kept, to be added to.
    constexpr index m_size() const {
        return (pieces() > 1 ? blocks() : 1) * positions * m_stride(tiles_per_run());
    }
    constexpr index sums_size() const {
        return chunk_count(wide_tiles(), tiles_per_piece) * blocks() * width;
    }

    /// Work in nanoseconds: of the transform of the filters, of a tile's transforms, of its products.
    constexpr index filter_work() const { return work_of_elements(2 * u_size()); }
    constexpr index transform_work() const {
        return work_of_elements(positions * (tile_stride() + blocks() * width));
    }
    constexpr index product_work() const {
        return work_of_multiply_adds(positions * s.channels * blocks() * width);
    }

    constexpr index scratch(int threads) const {
        return bytes_of<T>(zeros()) + bytes_of<T>(u_size())
               + threads * (bytes_of<T>(v_size()) + bytes_of<T>(m_size()));
    }
    constexpr index scratch_weights() const {
        return bytes_of<T>(zeros()) + bytes_of<T>(u_size())
               + bytes_of<T>(positions * wide_v_stride(wide_tiles()))
               + bytes_of<T>(blocks() * positions * m_stride(wide_tiles())) + bytes_of<T>(sums_size());
    }
};

/// The plan of the forward convolution and of the weight gradient.
template <index Tile, class T> constexpr winograd_plan<T, Tile> winograd_forward(const conv2d_sizes& s) {
    const index step = s.geometry.stride.height;
    conv2d_sizes one = s;
    one.channels = step * step * s.channels;
    return {one, {s, step, s.channels, false, {}, {}}};
}

/// The plan of the input gradient: a convolution of dy with the weights of every filter turned by half a
/// circle, channels and filters exchanged. Its output pixels are those of the phases, its filters the
/// channels of all phases, each phase's in whole vectors.
template <index Tile, class T> constexpr winograd_plan<T, Tile> winograd_backward(const conv2d_sizes& s) {
    const index step = s.geometry.stride.height;
    const index width = step == 1 ? s.channels : chunk_count(s.channels, lanes<T>) * lanes<T>;
    const window& real = s.geometry;
    const auto rows = winograd_axis::of(step, real.kernel.height, real.top, real.in_height);
    const auto columns = winograd_axis::of(step, real.kernel.width, real.left, real.in_width);
    window g = real;
    g.in_height = real.out_height, g.in_width = real.out_width;
    g.out_height = rows.size, g.out_width = columns.size;
    g.top = 2 - rows.last, g.left = 2 - columns.last;
    return {{g, s.filters, step * step * width, s.batch}, {s, step, width, true, rows, columns}};
}

} // namespace strata::detail
