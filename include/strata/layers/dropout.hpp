#pragma once

#include <strata/core/error.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace strata {

/// In training each element (or each channel of each sample) is zero with probability `rate`, the others are
/// divided by 1 - rate; in inference y = x (Srivastava et al., 2014, inverted).
/// Throws argument_error in training when rate is not in [0, 1).
struct dropout {
    float rate = 0.5f;
    bool whole_channels = false; ///< a channel of a sample lives or dies as a whole (Tompson et al., 2015)

    static constexpr std::string_view name = "dropout";
    static constexpr shape output(shape in) { return in; }

    template <shape In, class T> struct layer;
};

template <shape In, class T> struct dropout::layer {
    dropout spec;

    static constexpr bool in_place = true;
    static constexpr bool backward_reads_input = false;
    static constexpr bool backward_reads_output = false;

    /// one byte an element: 1 where it lives
    static constexpr index memory(extent e) { return bytes_of<std::uint8_t>(e.batch * In.size()); }

    void forward(const T* x, T* y, const pass& p) const {
        if (x != y) std::copy_n(x, p.batch * In.size(), y);
    }

    void forward_training(const T* x, T* y, const pass& p) const {
        if (!(spec.rate >= 0 && spec.rate < 1))
            detail::fail<argument_error>("dropout: the rate must be at least 0 and below 1, not ", spec.rate);
        auto* const alive = reinterpret_cast<std::uint8_t*>(p.memory);
        const auto limit = static_cast<std::uint32_t>(std::ldexp(static_cast<double>(spec.rate), 32));
        if (spec.whole_channels) {
            parallel_for(p.batch, 1, [&](index begin, index end) {
                for (index n = begin; n < end; ++n) {
                    auto* const pixels = alive + n * In.size();
                    for (index c = 0; c < In.channels; ++c)
                        pixels[c] = p.random.word(static_cast<std::uint64_t>(n * In.channels + c)) >= limit;
                    for (index i = 1; i < In.pixels(); ++i)
                        std::copy_n(pixels, In.channels, pixels + i * In.channels);
                }
            });
        } else {
            parallel_for(p.batch * In.size(), grain,
                         [&](index begin, index end) { draw(alive, begin, end, limit, p.random); });
        }
        apply(x, y, alive, p);
    }

    void backward(const T*, const T*, const T* dy, T* dx, const pass& p) const {
        apply(dy, dx, reinterpret_cast<const std::uint8_t*>(p.memory), p);
    }

private:
    static constexpr index grain = 16'384; // a multiple of the four words of a block

    static void draw(std::uint8_t* alive, index begin, index end, std::uint32_t limit,
                     const random_source& random) {
        for (index i = begin; i < end; i += 4) {
            const auto words = random.words(static_cast<std::uint64_t>(i) / 4);
            for (index j = i; j < std::min(i + 4, end); ++j)
                alive[j] = words[static_cast<std::size_t>(j - i)] >= limit;
        }
    }
    void apply(const T* from, T* to, const std::uint8_t* alive, const pass& p) const {
        const T scale = T(1) / (T(1) - static_cast<T>(spec.rate));
        parallel_for(p.batch * In.size(), grain, [&](index begin, index end) {
            for (index i = begin; i < end; ++i) to[i] = alive[i] ? from[i] * scale : T(0);
        });
    }
};

} // namespace strata
