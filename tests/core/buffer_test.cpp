#include <strata/core/buffer.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "support/catch.hpp"

namespace strata {

TEST_CASE("sizes round up to whole cache lines") {
    STATIC_REQUIRE(aligned(0) == 0);
    STATIC_REQUIRE(aligned(1) == 64);
    STATIC_REQUIRE(aligned(64) == 64);
    STATIC_REQUIRE(aligned(65) == 128);
}

TEST_CASE("a buffer is aligned and zeroed") {
    for (const index size : {1, 15, 16, 17, 1000}) {
        const buffer<float> b(size);
        CHECK(b.size() == size);
        CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % 64 == 0);
        for (const float v : b) CHECK(v == 0);
        CHECK(b.end() - b.begin() == size);
    }
}

TEST_CASE("a large buffer begins with a large page") {
    const index page = detail::large_page / static_cast<index>(sizeof(float));
    for (const index size : {page - 16, page - 15, page, page + 1, 3 * page + 7}) {
        buffer<float> b(size);
        CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % 64 == 0);
        if (size > page - 16)
            CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % static_cast<std::uintptr_t>(detail::large_page)
                  == 0);
        CHECK(std::all_of(b.begin(), b.end(), [](float v) { return v == 0; }));
        std::fill(b.begin(), b.end(), 1.f);
        const buffer<float> copy = b;
        CHECK(std::equal(copy.begin(), copy.end(), b.begin()));
    }
}

TEST_CASE("an empty buffer holds nothing and copies as nothing") {
    const buffer<double> none, zero(0);
    CHECK(none.size() == 0);
    CHECK(none.data() == nullptr);
    CHECK(zero.data() == nullptr);
    const buffer<double> copy = none;
    CHECK(copy.size() == 0);
    CHECK(std::span<const double>(none).empty());
}

TEST_CASE("copying copies the elements, moving keeps their address") {
    buffer<int> a(3);
    a[0] = 1, a[1] = 2, a[2] = 3;
    buffer<int> copy = a;
    CHECK(copy.data() != a.data());
    copy[1] = 20;
    CHECK(a[1] == 2);

    const int* const place = a.data();
    buffer<int> moved = std::move(a);
    CHECK(moved.data() == place);
    CHECK(moved.size() == 3);
    CHECK(a.size() == 0); // NOLINT: what a moved-from buffer is

    copy = std::move(moved);
    CHECK(copy.data() == place);
    CHECK(copy[1] == 2);
    const auto& itself = copy;
    copy = itself;
    CHECK(copy.size() == 3);
    CHECK(copy[2] == 3);
}

TEST_CASE("a buffer is a span") {
    buffer<float> b(4);
    const std::span<float> s = b;
    s[2] = 5;
    CHECK(b[2] == 5);
    CHECK(s.size() == 4);
}

} // namespace strata
