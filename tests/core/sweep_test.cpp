#include <strata/core/sweep.hpp>

#include <numeric>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

TEST_CASE("a sweep covers everything once, in chunks that do not depend on the number of threads") {
    const int before = threads();
    for (const strata::index bytes : {4, 4'000}) // too little for a team, and enough
        for (const int count : {1, 2, 3}) {
            threads(count);
            std::vector<int> seen(1'000);
            std::vector<strata::index> ends(1'000);
            sweep(1'000, 64, bytes, [&](strata::index begin, strata::index end) {
                ends[static_cast<std::size_t>(begin)] = end;
                for (strata::index i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
            });
            CHECK(seen == std::vector<int>(1'000, 1));
            for (strata::index begin = 0; begin < 1'000; begin += 64)
                CHECK(ends[static_cast<std::size_t>(begin)] == std::min<strata::index>(begin + 64, 1'000));
        }
    threads(before);
}

TEST_CASE("a small sweep does not wake the team") {
    const int before = threads();
    threads(4);
    const auto self = std::this_thread::get_id();
    bool stays = true;
    sweep(1'000, 10, 100,
          [&](strata::index, strata::index) { stays = stays && std::this_thread::get_id() == self; });
    CHECK(stays);
    threads(before);
}
