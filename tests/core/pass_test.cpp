#include <strata/core/pass.hpp>

#include <cstddef>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

TEST_CASE("an arena hands out aligned arrays one behind the other") {
    alignas(64) std::byte block[1024];
    arena room(block);
    float* const a = room.take<float>(3);
    double* const b = room.take<double>(9);
    char* const none = room.take<char>(0);
    char* const c = room.take<char>(1);
    const auto at = [&](const void* p) { return static_cast<const std::byte*>(p) - block; };
    CHECK(at(a) == 0);
    CHECK(at(b) == 64);
    CHECK(at(none) == 64 + 128);
    CHECK(at(c) == 64 + 128);
    CHECK(at(room.rest()) == 64 + 128 + 64);
    CHECK(at(room.rest())
          == bytes_of<float>(3) + bytes_of<double>(9) + bytes_of<char>(0) + bytes_of<char>(1));
}

TEST_CASE("bytes_of rounds up to whole lines") {
    static_assert(bytes_of<float>(0) == 0);
    static_assert(bytes_of<float>(1) == 64);
    static_assert(bytes_of<float>(16) == 64);
    static_assert(bytes_of<float>(17) == 128);
    static_assert(bytes_of<double>(8) == 64);
    SUCCEED();
}

TEST_CASE("no_activation changes nothing") {
    static_assert(no_activation{}(2.5) == 2.5);
    static_assert(no_activation{}(-1.f) == -1.f);
    static_assert(no_activation{}.slope(-3.0) == 1.0);
    static_assert(!has_activation<no_activation> && has_activation<int>);
    SUCCEED();
}
