#include <strata/core/simd_pack.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace strata {
namespace {

template <class T> using vector = detail::vector_of<T>;

template <class T> std::vector<T> elements(const vector<T>& v) {
    std::vector<T> out(static_cast<std::size_t>(detail::lanes<T>));
    detail::store(out.data(), v);
    return out;
}

/// Whole numbers of every size that Small has, the largest among them.
template <class Small> std::vector<Small> whole_numbers(index count, unsigned seed) {
    std::mt19937 bits(seed);
    std::vector<Small> out(static_cast<std::size_t>(count));
    for (auto& v : out) v = static_cast<Small>(bits());
    if (count > 0) out[seed % out.size()] = std::numeric_limits<Small>::max();
    return out;
}

template <class T, class Small> void check_small_numbers() {
    constexpr index n = detail::lanes<T>;
    for (unsigned seed = 0; seed < 8; ++seed)
        for (index part = 0; part <= n; ++part) {
            CAPTURE(part, sizeof(Small));
            const auto x = whole_numbers<Small>(part, seed);
            std::vector<T> expected(x.begin(), x.end());
            expected.resize(static_cast<std::size_t>(n), T(0));
            CHECK(elements<T>(detail::load_small<T>(x.data(), part)) == expected);

            const auto all = whole_numbers<Small>(n, seed);
            const std::vector<T> lanes(all.begin(), all.end());
            std::vector<Small> y(static_cast<std::size_t>(n) + 2, Small(77)), wanted = y;
            std::copy_n(all.begin(), part, wanted.begin() + 1);
            detail::store_small(y.data() + 1, detail::load(lanes.data()), part);
            CHECK(y == wanted);
            if (part == n) {
                CHECK(elements<T>(detail::load_small<T>(all.data())) == lanes);
                std::vector<Small> whole(all.size());
                detail::store_small(whole.data(), detail::load(lanes.data()));
                CHECK(whole == all);
            }
        }
}

} // namespace

TEMPLATE_TEST_CASE("cover: whole vectors that end where the array does, or one part", "", float, double) {
    using T = TestType;
    constexpr index n = detail::lanes<T>;
    for (index count = 0; count <= 4 * n + 1; ++count) {
        CAPTURE(count);
        std::vector<index> begins, parts;
        detail::cover<T>(count, [&](index c, auto... part) {
            begins.push_back(c);
            (parts.push_back(part), ...);
        });
        if (count < n) {
            CHECK(begins == std::vector<index>{0});
            CHECK(parts == std::vector<index>{count});
            continue;
        }
        CHECK(parts.empty());
        CHECK(static_cast<index>(begins.size()) == (count + n - 1) / n);
        for (std::size_t i = 0; i + 1 < begins.size(); ++i) CHECK(begins[i] == static_cast<index>(i) * n);
        CHECK(begins.back() == count - n);
    }
}

TEMPLATE_TEST_CASE("small whole numbers become a vector and come back, in whole and in part", "", float,
                   double) {
    check_small_numbers<TestType, std::uint8_t>();
    check_small_numbers<TestType, std::uint16_t>();
}

TEMPLATE_TEST_CASE("keep: lanes by their bits, whatever was in the others", "", float, double) {
    using T = TestType;
    constexpr index n = detail::lanes<T>;
    std::mt19937 random(3);
    for (int i = 0; i < 500; ++i) {
        const std::uint64_t bits = i == 0 ? 0 : ~std::uint64_t{0} >> i % 7 ^ random() % (1u << n) << i % 2;
        std::vector<T> x(static_cast<std::size_t>(n)), expected(x.size());
        for (std::size_t l = 0; l < x.size(); ++l) {
            const bool is_kept = bits >> l & 1;
            x[l] = is_kept ? static_cast<T>(l) - T(2.5) : std::numeric_limits<T>::quiet_NaN();
            expected[l] = is_kept ? x[l] : T(0);
        }
        CAPTURE(bits);
        CHECK(elements<T>(detail::keep<T>(bits, detail::load(x.data()))) == expected);
    }
}

TEST_CASE("multiply_lower multiplies the lower halves to 64 bits") {
    std::mt19937_64 random(5);
    constexpr auto n = static_cast<std::size_t>(detail::lanes<std::uint64_t>);
    for (int i = 0; i < 100; ++i) {
        std::vector<std::uint64_t> a(n), b(n), expected(n);
        for (std::size_t l = 0; l < n; ++l) {
            a[l] = i == 0 ? ~std::uint64_t{0} : random();
            b[l] = i <= 1 ? ~std::uint64_t{0} : random();
            expected[l] = (a[l] & 0xffffffff) * (b[l] & 0xffffffff);
        }
        CHECK(elements<std::uint64_t>(detail::multiply_lower(detail::load(a.data()), detail::load(b.data())))
              == expected);
    }
}

TEST_CASE("at_least: a bit for each 16 bits, in the order of memory, and no more") {
    std::mt19937_64 random(7);
    constexpr auto n = static_cast<std::size_t>(detail::lanes<std::uint64_t>);
    for (const unsigned limit : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xfffeu, 0xffffu})
        for (int i = 0; i < 50; ++i) {
            std::vector<std::uint64_t> v(n);
            std::uint64_t expected = 0;
            for (std::size_t e = 0; e < 4 * n; ++e) {
                // on both sides of the limit as often as anywhere
                const auto drawn = static_cast<unsigned>(random());
                const auto value =
                    (drawn & 3) == 0 ? (limit + (drawn >> 2) % 3 - 1) & 0xffff : (drawn >> 2) & 0xffff;
                v[e / 4] |= std::uint64_t{value} << 16 * (e % 4);
                expected |= std::uint64_t{value >= limit} << e;
            }
            CAPTURE(limit);
            CHECK(detail::at_least(detail::load(v.data()), static_cast<std::uint16_t>(limit)) == expected);
        }
}

} // namespace strata
