#include <strata/core/unroll.hpp>

#include <array>
#include <tuple>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

TEST_CASE("with_numbers hands over constants") {
    static_assert(with_numbers<4>([](auto... i) { return (i + ... + 0); }) == 6);
    static_assert(with_numbers<3>([](auto... i) { return std::array<int, sizeof...(i)>{}; }).size() == 3);
    constexpr std::tuple values{1, 2.5, 'c'};
    static_assert(with_numbers<3>([&](auto... i) { return (std::get<i>(values) + ...); }) == 3.5 + 'c');
    static_assert(with_numbers<0>([](auto... i) { return sizeof...(i); }) == 0);
    int number = 1;
    with_numbers<1>([&](auto) -> int& { return number; }) = 5; // a reference stays one
    CHECK(number == 5);
}

TEST_CASE("unroll counts up, once each") {
    std::vector<std::size_t> seen;
    unroll<5>([&](auto i) {
        constexpr std::size_t constant = i;
        seen.push_back(constant);
    });
    CHECK(seen == std::vector<std::size_t>{0, 1, 2, 3, 4});
    unroll<0>([&](auto) { seen.clear(); });
    CHECK(seen.size() == 5);
}
