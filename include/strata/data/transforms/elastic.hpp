#pragma once

#include <strata/core/random.hpp>
#include <strata/core/shape.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/image.hpp>
#include <strata/data/transforms/resample.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace strata {

/// Moves every pixel of an image by a smooth random field: a number uniform in [-1, 1) for every pixel and
/// direction, smoothed by a Gaussian, times `strength` (Simard, Steinkraus and Platt, "Best practices for
/// convolutional neural networks applied to visual document analysis", ICDAR 2003, section 2, whose numbers
/// for digits are the defaults). Pixels move by about 0.16 strength / smoothness (standard deviation), less
/// at the sides. Bilinear interpolation, zeros outside: to be put in front of `standardise`.
struct elastic {
    double strength = 34;  ///< pixels; 0 leaves the image as it is
    double smoothness = 4; ///< standard deviation of the Gaussian in pixels, cut off at three of them

    static constexpr std::string_view name = "elastic";
    void check(const shape& s) const {
        detail::check_image("elastic", s);
        detail::check_option("elastic", "strength", strength, 0, 1e4);
        detail::check_option("elastic", "smoothness", smoothness, 0.1,
                             static_cast<double>(std::max(s.height, s.width)));
    }
    index scratch(const shape& s) const {
        return 2 * plane(s) + (radius() + 1) + detail::resample_scratch(s);
    }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>& context) const {
        if (strength == 0) return;
        // Both fields side by side, the rows' and the columns': first (height, 2, width), then turned.
        const index r = radius(), rows = line(s.width), columns = line(s.height), room = plane(s);
        T* const noise = context.scratch;
        T* const field = noise + room;
        T* const weights = field + room;
        T* const image = weights + (r + 1);

        for (index i = 0; i < s.height * rows; i += 8) { // lines are multiples of 8
            const auto words = context.random.words(static_cast<std::uint64_t>(i / 8));
            for (index k = 0; k < 8; ++k) {
                const std::uint32_t bits = words[static_cast<std::size_t>(k / 2)] >> (k % 2 * 16) & 0xFFFF;
                noise[i + k] = static_cast<T>(static_cast<std::int32_t>(bits) - 32'768) / T{32'768};
            }
        }
        double sum = 0;
        for (index k = r; k >= 0; --k) {
            const double distance = static_cast<double>(k) / smoothness;
            const double weight = std::exp(-0.5 * distance * distance);
            weights[k] = static_cast<T>(weight);
            sum += k > 0 ? 2 * weight : weight;
        }
        // The sums along columns and along rows; outside the noise is zero.
        smooth(noise, field, s.height, rows, weights, r);
        const T scale = static_cast<T>(strength / (sum * sum));
        std::fill_n(noise, s.width * columns, T{0});
        for (index h = 0; h < s.height; ++h)
            for (index w = 0; w < s.width; ++w) {
                noise[w * columns + h] = scale * field[h * rows + w];
                noise[w * columns + s.height + h] = scale * field[h * rows + s.width + w];
            }
        smooth(noise, field, s.width, columns, weights, r);

        struct place {
            T row, column;
        };
        detail::resample(x, s, image, [&](index h, index w) {
            const T* const moved = field + w * columns + h;
            return place{static_cast<T>(h) + moved[0], static_cast<T>(w) + moved[s.height]};
        });
    }

private:
    static constexpr index block = 16; // numbers that are summed in registers

    index radius() const { return static_cast<index>(std::ceil(3 * smoothness)); }
    /// A line of both fields, in whole blocks; all lines of one direction or of the other.
    static index line(index pixels) { return (2 * pixels + block - 1) / block * block; }
    static index plane(const shape& s) {
        return std::max(s.height * line(s.width), s.width * line(s.height));
    }

    /// Line i of `to` = the sum over j of weights[|i - j|] times line j of `from`.
    template <class T>
    static void smooth(const T* from, T* to, index lines, index length, const T* weights, index r) {
        for (index i = 0; i < lines; ++i)
            for (index begin = 0; begin < length; begin += block) {
                std::array<T, block> sums{};
                for (index j = std::max<index>(0, i - r); j <= std::min(lines - 1, i + r); ++j) {
                    const T weight = weights[j < i ? i - j : j - i];
                    const T* const values = from + j * length + begin;
                    for (std::size_t k = 0; k < block; ++k) sums[k] += weight * values[k];
                }
                std::copy(sums.begin(), sums.end(), to + i * length + begin);
            }
    }
};

} // namespace strata
