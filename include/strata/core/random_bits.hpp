#pragma once

#include <strata/core/random.hpp>
#include <strata/core/simd_pack.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace strata {

/// Element 0 .. 63 of `group` as the bits 0 .. 63 of a word, each 0 with probability limit / 65536, by 16
/// random bits apiece; a function of its arguments alone, whatever the machine. The bits are those of blocks
/// 8 group .. 8 group + 7 of the source (random_source::words): element e < 32 takes the lower (e even) or
/// upper half of word e % 4 / 2 of block e / 4; element 32 + e the same of word 2 + e % 4 / 2. It lives where
/// they are at least `limit`.
[[gnu::always_inline]] inline std::uint64_t random_bits(const random_source& source, std::uint64_t group,
                                                        std::uint32_t limit) {
    using detail::multiply_lower;
    using vector = detail::vector_of<std::uint64_t>;
    constexpr index at_once = detail::lanes<std::uint64_t>; // a block in every 64-bit lane
    static_assert(at_once <= 8);
    if (limit > 0xffff) return 0;
    static constexpr std::array<std::uint64_t, 8> numbers{0, 1, 2, 3, 4, 5, 6, 7};
    const auto all = [](std::uint64_t word) { return vector(word); };
    std::uint64_t bits = 0;
    for (index first = 0; first < 8; first += at_once) {
        const vector block =
            detail::load(numbers.data()) + all(8 * group + static_cast<std::uint64_t>(first));
        // words of 32 bits in the lower halves; what is in the upper ones never comes down
        vector c0 = block, c1 = block >> 32, c2 = all(source.step), c3 = all(source.stream);
        auto k0 = static_cast<std::uint32_t>(source.seed), k1 = static_cast<std::uint32_t>(source.seed >> 32);
        for (int round = 0; round < 10; ++round) { // as `philox`
            const vector a = multiply_lower(c0, all(0xD2511F53)), b = multiply_lower(c2, all(0xCD9E8D57));
            c0 = (b >> 32) ^ c1 ^ all(k0);
            c2 = (a >> 32) ^ c3 ^ all(k1);
            c1 = b;
            c3 = a;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        const vector lower = all(0xffffffff);
        const auto reached = [&](const vector& even, const vector& odd) {
            return detail::at_least((even & lower) | (odd << 32), static_cast<std::uint16_t>(limit));
        };
        bits |= reached(c0, c1) << (4 * first) | reached(c2, c3) << (32 + 4 * first);
    }
    return bits;
}

} // namespace strata
