#pragma once

#include <strata/core/concepts.hpp>
#include <strata/core/error.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/random_bits.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/core/simd_pack.hpp>
#include <strata/core/sweep.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace strata {

/// In training each element (or each channel of each sample) is zero with probability `rate`, the others are
/// divided by 1 - rate; in inference y = x (Srivastava et al., 2014, inverted). The probability is `rate` to
/// the nearest multiple of 2^-16. Throws argument_error in training when rate is not in [0, 1).
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
    /// Where dx is not 0, y has the sign of x.
    template <class Below> static constexpr bool below_reads_output = detail::slope_by_sign<Below>();

    /// One bit an element, or a channel of a sample: 1 where it lives.
    static constexpr index memory(extent e) {
        return bytes_of<std::uint64_t>(
            std::max(chunk_count(e.batch * In.size(), 64), e.batch * chunk_count(In.channels, 64)));
    }

    void forward(const T* x, T* y, const pass& p) const {
        if (x != y) std::copy_n(x, p.batch * In.size(), y);
    }

    void forward_training(const T* x, T* y, const pass& p) const {
        if (!(spec.rate >= 0 && spec.rate < 1))
            detail::fail<argument_error>("dropout: the rate must be at least 0 and below 1, not ", spec.rate);
        auto* const alive = reinterpret_cast<std::uint64_t*>(p.memory);
        const auto limit = static_cast<std::uint32_t>(std::lround(static_cast<double>(spec.rate) * 65536));
        const T scale = survivor_scale();
        const auto random = p.random;
        run(p, [=](index word, index at, index count, bool first) {
            if (first) alive[word] = random_bits(random, static_cast<std::uint64_t>(word), limit);
            each(alive[word], count, [=](std::uint64_t bits, index i, auto... n) {
                const auto grown = detail::load(x + at + i, n...) * detail::vector_of<T>(scale);
                detail::store(y + at + i, detail::keep<T>(bits, grown), n...);
            });
        });
    }

    template <class Below = no_activation>
    void backward(const T* x, const T* y, const T* dy, T* dx, const pass& p, const Below& below = {}) const {
        const auto* const alive = reinterpret_cast<const std::uint64_t*>(p.memory);
        const T scale = survivor_scale();
        const T* const output_below = detail::slope_by_sign<Below>() ? y : x;
        run(p, [=](index word, index at, index count, bool) {
            each(alive[word], count, [=](std::uint64_t bits, index i, auto... n) {
                auto d = detail::load(dy + at + i, n...) * detail::vector_of<T>(scale);
                if constexpr (!std::is_same_v<Below, no_activation>)
                    d = detail::times_slope(d, below, detail::load(output_below + at + i, n...));
                detail::store(dx + at + i, detail::keep<T>(bits, d), n...);
            });
        });
    }

private:
    static constexpr index words_of_channels = chunk_count(In.channels, 64);

    T survivor_scale() const { return T(1) / (T(1) - static_cast<T>(spec.rate)); }

    /// Calls body(word, first element, elements, whether it is the word's first use) for all elements, in
    /// pieces of at most 64 that share a word of bits.
    template <class Body> void run(const pass& p, const Body& body) const {
        constexpr auto bytes = static_cast<index>(sizeof(T)) * 2;
        if (spec.whole_channels) {
            const index grain = std::max<index>(1, sweep_grain / In.size());
            sweep(p.batch, grain, bytes * In.size(), [&](index begin, index end) {
                for (index n = begin; n < end; ++n)
                    for (index pixel = 0; pixel < In.pixels(); ++pixel)
                        for (index w = 0; w < words_of_channels; ++w)
                            body(n * words_of_channels + w, (n * In.pixels() + pixel) * In.channels + 64 * w,
                                 std::min<index>(64, In.channels - 64 * w), pixel == 0);
            });
        } else {
            const index size = p.batch * In.size();
            sweep(size, sweep_grain, bytes, [&](index begin, index end) { // a grain is whole words
                for (index at = begin; at < end; at += 64)
                    body(at / 64, at, std::min<index>(64, end - at), true);
            });
        }
    }

    /// Calls body(bits, place, n...) for the vectors of `count` <= 64 elements.
    template <class Body>
    [[gnu::always_inline]] static void each(std::uint64_t bits, index count, Body body) {
        if (count == 64) {
            for (index i = 0; i < 64; i += detail::lanes<T>) body(bits >> i, i);
            return;
        }
        index i = 0;
        for (; i + detail::lanes<T> <= count; i += detail::lanes<T>) body(bits >> i, i);
        if (i < count) body(bits >> i, i, count - i);
    }
};

} // namespace strata
