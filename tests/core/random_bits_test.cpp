#include <strata/core/random_bits.hpp>

#include <bit>

#include "support/catch.hpp"

namespace strata {
namespace {

/// By the definition, a bit at a time.
std::uint64_t by_definition(const random_source& source, std::uint64_t group, std::uint32_t limit) {
    std::uint64_t bits = 0;
    for (std::uint64_t e = 0; e < 64; ++e) {
        const auto words = source.words(8 * group + e % 32 / 4);
        const std::uint32_t half = words[e / 32 * 2 + e % 4 / 2] >> (16 * (e % 2)) & 0xffff;
        bits |= std::uint64_t{half >= limit} << e;
    }
    return bits;
}

} // namespace

TEST_CASE("random bits are those of the source's words, on every machine") {
    for (const std::uint64_t group :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{12345}, std::uint64_t{1} << 30})
        for (const std::uint32_t limit : {0u, 1u, 0x4000u, 0x8000u, 0xff00u, 0xffffu, 0x10000u})
            for (const random_source& source : {random_source{}, random_source{0x123456789abcdef0, 7, 9},
                                                random_source{~std::uint64_t{0}, 0xffffffff, 0xffffffff}}) {
                CAPTURE(group, limit);
                CHECK(random_bits(source, group, limit) == by_definition(source, group, limit));
            }
    CHECK(random_bits({1, 2, 3}, 4, 0x8000) == 0x552cfff603049791);
}

TEST_CASE("random bits are 1 as often as they should be") {
    for (const std::uint32_t limit : {655u, 13107u, 32768u, 64881u}) {
        double ones = 0;
        constexpr std::uint64_t groups = 20'000;
        for (std::uint64_t g = 0; g < groups; ++g) ones += std::popcount(random_bits({5, 1, 2}, g, limit));
        const double p = 1 - limit / 65536.0, n = 64.0 * static_cast<double>(groups);
        CHECK(std::abs(ones / n - p) < 4.5 * std::sqrt(p * (1 - p) / n));
    }
    CHECK(random_bits({5, 1, 2}, 3, 0) == ~std::uint64_t{0});
    CHECK(random_bits({5, 1, 2}, 3, 65536) == 0);
}

TEST_CASE("random bits of neighbours, groups, steps and streams are independent") {
    const auto agreement = [](const random_source& a, const random_source& b, std::uint64_t groups_apart,
                              int bits_apart) {
        double agreeing = 0;
        for (std::uint64_t g = 0; g < 5'000; ++g)
            agreeing += std::popcount(~(random_bits(a, g, 0x8000)
                                        ^ std::rotr(random_bits(b, g + groups_apart, 0x8000), bits_apart)));
        return agreeing / (64 * 5'000);
    };
    const double bound = 4.5 * 0.5 / std::sqrt(64 * 5'000.0);
    const random_source source{3, 4, 5};
    for (const int shift : {1, 2, 4, 31, 32})
        CHECK(std::abs(agreement(source, source, 0, shift) - 0.5) < bound);
    CHECK(std::abs(agreement(source, source, 1, 0) - 0.5) < bound);
    CHECK(std::abs(agreement(source, {4, 4, 5}, 0, 0) - 0.5) < bound);
    CHECK(std::abs(agreement(source, {3, 5, 5}, 0, 0) - 0.5) < bound);
    CHECK(std::abs(agreement(source, {3, 4, 6}, 0, 0) - 0.5) < bound);
}

} // namespace strata
