#pragma once

#include <array>
#include <cstddef>
#include <ostream>

namespace strata {

/// Sizes, counts and offsets, signed so that differences are safe.
using index = std::ptrdiff_t;

/// The shape of one sample, channels last. A flat sample of n features is {1, 1, n}.
/// A structural type: shapes are template arguments and are computed while the program compiles.
struct shape {
    index height = 1;
    index width = 1;
    index channels = 1;

    constexpr index size() const { return height * width * channels; }
    constexpr index pixels() const { return height * width; }
    constexpr bool is_flat() const { return height == 1 && width == 1; }
    constexpr bool is_valid() const { return height > 0 && width > 0 && channels > 0; }
    friend constexpr bool operator==(const shape&, const shape&) = default;
    friend std::ostream& operator<<(std::ostream& out, const shape& s) {
        if (s.is_flat()) return out << s.channels;
        return out << s.height << 'x' << s.width << 'x' << s.channels;
    }
};

/// Height and width of a kernel, a stride or a dilation; one number means both.
struct size2 {
    index height = 1;
    index width = 1;

    constexpr size2(index both) : height(both), width(both) {}
    constexpr size2(index height_, index width_) : height(height_), width(width_) {}
    friend constexpr bool operator==(const size2&, const size2&) = default;
};

/// How far an image is extended before a window slides over it: `same`, `valid`, one number for all four
/// sides, or padding{top, bottom, left, right}.
struct padding {
    index top = 0, bottom = 0, left = 0, right = 0;
    bool is_same = false;

    constexpr padding(index all) : padding(all, all, all, all) {}
    constexpr padding(index top_, index bottom_, index left_, index right_, bool same = false)
        : top(top_), bottom(bottom_), left(left_), right(right_), is_same(same) {}
    friend constexpr bool operator==(const padding&, const padding&) = default;
};

/// TensorFlow's SAME: output = ceil(input / stride); the odd pixel goes to the bottom and right.
inline constexpr padding same{0, 0, 0, 0, true};
/// No padding: every window lies inside the image.
inline constexpr padding valid{0};

/// A window that slides over an image: all the geometry of a convolution or a pooling.
/// `from` works it out of a layer's options and the image it meets.
struct window {
    index in_height, in_width;
    index out_height, out_width;
    size2 kernel, stride, dilation;
    index top, left;

    static constexpr window from(shape in, size2 kernel, size2 stride, size2 dilation, padding pad) {
        const auto one = [](index n, index k, index s, index d, index before, index after, bool same_) {
            struct side {
                index out, before;
            };
            const index extent = (k - 1) * d + 1;
            if (same_) {
                const index out = (n + s - 1) / s;
                const index total = (out - 1) * s + extent - n;
                return side{out, total > 0 ? total / 2 : 0};
            }
            const index room = n + before + after - extent;
            return side{room < 0 ? 0 : room / s + 1, before};
        };
        const auto h =
            one(in.height, kernel.height, stride.height, dilation.height, pad.top, pad.bottom, pad.is_same);
        const auto w =
            one(in.width, kernel.width, stride.width, dilation.width, pad.left, pad.right, pad.is_same);
        return {in.height, in.width, h.out, w.out, kernel, stride, dilation, h.before, w.before};
    }

    constexpr index outputs() const { return out_height * out_width; }
    constexpr index taps() const { return kernel.height * kernel.width; }
    friend constexpr bool operator==(const window&, const window&) = default;
};

/// The extents of a parameter, one to four of them.
struct extents {
    std::array<index, 4> sizes{};
    std::size_t rank = 0;

    template <class... N>
    constexpr explicit extents(N... n) : sizes{static_cast<index>(n)...}, rank(sizeof...(N)) {
        static_assert(sizeof...(N) >= 1 && sizeof...(N) <= 4, "a parameter has one to four extents");
    }
    constexpr index size() const {
        index product = 1;
        for (std::size_t i = 0; i < rank; ++i) product *= sizes[i];
        return product;
    }
    friend constexpr bool operator==(const extents&, const extents&) = default;
};

} // namespace strata
