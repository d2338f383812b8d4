#include <strata/core/random.hpp>

#include <set>

#include "support/catch.hpp"

namespace strata {
namespace {

using words4 = std::array<std::uint32_t, 4>;

struct moments {
    double mean = 0, variance = 0;
};

template <class Draw> moments measure(std::uint64_t count, const Draw& draw) {
    double sum = 0, squares = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const double x = draw(i);
        sum += x;
        squares += x * x;
    }
    const double mean = sum / static_cast<double>(count);
    return {mean, squares / static_cast<double>(count) - mean * mean};
}

template <class Draw> double correlation(std::uint64_t count, const Draw& a, const Draw& b) {
    const auto ma = measure(count, a), mb = measure(count, b);
    double sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) sum += (a(i) - ma.mean) * (b(i) - mb.mean);
    return sum / static_cast<double>(count) / std::sqrt(ma.variance * mb.variance);
}

} // namespace

// The known answers that its authors publish (Random123, kat_vectors, philox 4x32 10).
TEST_CASE("philox gives the published words") {
    STATIC_REQUIRE(philox({0, 0, 0, 0}, {0, 0}) == words4{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    constexpr std::uint32_t all = 0xffffffff;
    STATIC_REQUIRE(philox({all, all, all, all}, {all, all})
                   == words4{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    STATIC_REQUIRE(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0})
                   == words4{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("an element is the same number whoever asks, and another seed, stream, step gives another") {
    constexpr random_source source{.seed = 7, .stream = 3, .step = 11};
    constexpr auto block = source.words(5);
    for (std::uint64_t i = 0; i < 4; ++i) CHECK(source.word(20 + i) == block[i]);

    std::set<std::uint32_t> seen;
    for (std::uint64_t seed :
         {std::uint64_t{7}, std::uint64_t{8}, std::uint64_t{7} + (std::uint64_t{1} << 32)})
        for (std::uint32_t stream : {3u, 4u})
            for (std::uint32_t step : {11u, 12u})
                for (std::uint64_t element : {std::uint64_t{20}, std::uint64_t{21}, std::uint64_t{1} << 34})
                    seen.insert(random_source{seed, stream, step}.word(element));
    CHECK(seen.size() == 3 * 2 * 2 * 3);
}

TEST_CASE("uniform numbers lie in [0, 1) and fill it evenly") {
    const random_source source{.seed = 1};
    constexpr std::uint64_t count = 200'000;
    std::array<int, 10> tenths{};
    for (std::uint64_t i = 0; i < count; ++i) {
        const double x = source.uniform(i);
        REQUIRE(x >= 0);
        REQUIRE(x < 1);
        ++tenths[static_cast<std::size_t>(10 * x)];
    }
    // each holds 20,000 with a deviation of 134
    for (const int n : tenths) CHECK(std::abs(n - 20'000) < 5 * 134);
    const auto m = measure(count, [&](std::uint64_t i) { return source.uniform(i); });
    CHECK(std::abs(m.mean - 0.5) < 5 * 0.2887 / std::sqrt(double(count)));
    CHECK(m.variance == Approx(1.0 / 12).epsilon(0.01));
}

TEST_CASE("below is uniform among 0 .. bound - 1") {
    const random_source source{.seed = 2};
    std::array<int, 7> counts{};
    for (std::uint64_t i = 0; i < 70'000; ++i) {
        const auto n = source.below(i, 7);
        REQUIRE(n < 7);
        ++counts[n];
    }
    // each holds 10,000 with a deviation of 93
    for (const int n : counts) CHECK(std::abs(n - 10'000) < 5 * 93);
    CHECK(source.below(3, 1) == 0);
}

TEST_CASE("normal numbers have mean 0, deviation 1 and the right tails") {
    const random_source source{.seed = 3};
    constexpr std::uint64_t count = 200'000;
    int beyond_one = 0, beyond_two = 0;
    double cubes = 0, fourths = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const double x = source.normal(i);
        REQUIRE(std::isfinite(x));
        beyond_one += std::abs(x) > 1;
        beyond_two += std::abs(x) > 2;
        cubes += x * x * x;
        fourths += x * x * x * x;
    }
    const auto m = measure(count, [&](std::uint64_t i) { return source.normal(i); });
    CHECK(std::abs(m.mean) < 5 / std::sqrt(double(count)));
    CHECK(m.variance == Approx(1).epsilon(0.02));
    CHECK(beyond_one / double(count) == Approx(0.3173).margin(0.006));
    CHECK(beyond_two / double(count) == Approx(0.0455).margin(0.003));
    CHECK(std::abs(cubes / double(count)) < 5 * std::sqrt(15.0 / double(count)));
    CHECK(fourths / double(count) == Approx(3).epsilon(0.05));
}

TEST_CASE("a redraw of a normal number is another number") {
    const random_source source{.seed = 4};
    CHECK(source.normal(9, 0) == source.normal(9));
    std::set<double> draws;
    for (std::uint32_t r = 0; r < 100; ++r) draws.insert(source.normal(9, r));
    CHECK(draws.size() == 100);
}

TEST_CASE("forks are independent of each other and of their parent") {
    const random_source source{.seed = 5, .stream = 1, .step = 2};
    STATIC_REQUIRE(random_source{.seed = 5}.fork(3).stream != random_source{.seed = 5}.fork(4).stream);
    CHECK(source.fork(0).step == source.step);
    CHECK(source.fork(0).seed == source.seed);

    std::set<std::uint32_t> streams;
    for (std::uint32_t parent = 0; parent < 100; ++parent) {
        streams.insert(parent);
        for (std::uint32_t child = 0; child < 100; ++child)
            streams.insert(random_source{.stream = parent}.fork(child).stream);
    }
    CHECK(streams.size() == 100 + 100 * 100);

    constexpr std::uint64_t count = 50'000;
    const auto draws = [](random_source s) { return [s](std::uint64_t i) { return s.uniform(i); }; };
    const double bound = 5 / std::sqrt(double(count));
    CHECK(std::abs(correlation(count, draws(source), draws(source.fork(0)))) < bound);
    CHECK(std::abs(correlation(count, draws(source.fork(0)), draws(source.fork(1)))) < bound);
    CHECK(std::abs(correlation(count, draws(source), draws({5, 1, 3}))) < bound);
    CHECK(std::abs(correlation(count, draws(source), draws({6, 1, 2}))) < bound);
}

} // namespace strata
