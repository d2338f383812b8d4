#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace strata {

/// Four random words, a pure function of key and counter: Philox4x32-10 (Salmon et al., "Parallel random
/// numbers: as easy as 1, 2, 3", SC 2011).
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                              std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
        const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
        counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
                   static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
    return counter;
}

/// Random numbers addressed by (seed, stream, step, element): element i of a stream is the same number
/// whoever asks for it, in whatever order, so a resumed run and any number of threads see the same ones.
struct random_source {
    std::uint64_t seed = 0;
    std::uint32_t stream = 0; ///< who draws: a layer, a parameter, the shuffling
    std::uint32_t step = 0;   ///< training step or epoch

    /// Four words: elements 4 * block .. 4 * block + 3 of the stream.
    constexpr std::array<std::uint32_t, 4> words(std::uint64_t block) const {
        return philox(
            {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), step, stream},
            {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
    }
    constexpr std::uint32_t word(std::uint64_t element) const { return words(element / 4)[element % 4]; }

    /// Uniform in [0, 1) with 32 random bits.
    constexpr double uniform(std::uint64_t element) const { return word(element) * 0x1p-32; }

    /// Uniform among 0 .. bound - 1 (bound > 0), by multiplication; the bias is below bound / 2^32.
    constexpr std::uint32_t below(std::uint64_t element, std::uint32_t bound) const {
        return static_cast<std::uint32_t>((std::uint64_t{word(element)} * bound) >> 32);
    }

    /// Standard normal (Box and Muller, 1958); draw r is a redraw of the same element.
    double normal(std::uint64_t element, std::uint32_t redraw = 0) const {
        auto other = *this;
        other.step += redraw;
        const auto w = other.words(element);
        const double u = (w[0] + 0.5) * 0x1p-32, v = w[1] * 0x1p-32;
        return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
    }

    /// The same source with another stream, derived from this one's and `child`: what parts of a layer draw
    /// from.
    constexpr random_source fork(std::uint32_t child) const {
        std::uint32_t mixed = (stream ^ 0x9E3779B9u) * 0x85EBCA6Bu + child + 1;
        mixed = (mixed ^ (mixed >> 16)) * 0x7FEB352Du;
        mixed = (mixed ^ (mixed >> 15)) * 0x846CA68Bu;
        return {seed, mixed ^ (mixed >> 16), step};
    }
};

} // namespace strata
