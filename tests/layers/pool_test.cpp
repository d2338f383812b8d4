#include <strata/layers/pool.hpp>

#include <vector>

#include "support/catch.hpp"

using namespace strata;

namespace {

template <pool Options> struct holds { static constexpr pool options = Options; };

/// The pixels of a side of n that window `place` of a pooling sees.
strata::index pixels_seen(strata::index n, strata::index size, strata::index step, strata::index before,
                          strata::index place) {
    strata::index count = 0;
    for (strata::index i = place * step - before; i < place * step - before + size; ++i)
        count += i >= 0 && i < n;
    return count;
}

} // namespace

TEST_CASE("pool: windows do not overlap unless a stride is given, in each direction by itself") {
    static_assert(pool{}.step() == size2(2));
    static_assert(pool{.size = {3, 5}}.step() == size2(3, 5));
    static_assert(pool{.size = 3, .stride = 2}.step() == size2(2));
    static_assert(pool{.size = {3, 5}, .stride = {0, 2}}.step() == size2(3, 2));
    static_assert(pool{.size = {3, 5}, .stride = {1, 0}}.step() == size2(1, 5));
    static_assert(pool{.size = 2}.output({7, 8, 3}) == shape{3, 4, 3});
    static_assert(pool{.size = 2, .stride = 1}.output({7, 8, 3}) == shape{6, 7, 3});
    static_assert(pool{.size = {3, 2}, .stride = {0, 3}, .padding = same}.output({7, 8, 3})
                  == shape{3, 3, 3});
    SUCCEED();
}

TEST_CASE("pool: options may be a template argument") {
    using wide = holds<pool{.size = 3, .stride = 2, .padding = same}>;
    static_assert(wide::options.size == size2(3) && wide::options.padding == same);
    SUCCEED();
}

TEST_CASE("pool: sizes that make no sense leave nothing of an image") {
    static_assert(pool{}.has_sound_sizes() && pool{.size = 1, .stride = 0}.has_sound_sizes());
    for (const pool& p : {pool{.size = 0}, pool{.size = {2, 0}}, pool{.size = {-1, 2}}, pool{.stride = -1},
                          pool{.stride = {1, -2}}}) {
        CHECK_FALSE(p.has_sound_sizes());
        CHECK_FALSE(p.output({8, 8, 3}).is_valid());
    }
    CHECK_FALSE(pool{}.output({0, 8, 3}).is_valid());
    CHECK_FALSE(pool{}.output({8, 8, 0}).is_valid());
    CHECK_FALSE(pool{.size = 9}.output({8, 8, 3}).is_valid());
    CHECK(pool{.size = 9, .padding = same}.output({8, 8, 3}) == shape{1, 1, 3});
}

TEST_CASE("pool: padding is sound where it is smaller than the window on its side") {
    static_assert(pool{.size = {3, 2}, .padding = {2, 2, 1, 1}}.has_sound_padding());
    for (const padding& pad :
         {padding{3, 0, 0, 0}, padding{0, 3, 0, 0}, padding{0, 0, 2, 0}, padding{0, 0, 0, 2},
          padding{-1, 0, 0, 0}, padding{0, -1, 0, 0}, padding{0, 0, -1, 0}, padding{0, 0, 0, -1}}) {
        const pool p{.size = {3, 2}, .padding = pad};
        CAPTURE(pad.top, pad.bottom, pad.left, pad.right);
        CHECK_FALSE(p.has_sound_padding());
        CHECK_FALSE(p.output({8, 8, 3}).is_valid());
    }
}

TEST_CASE("pool: every window of sound options sees a pixel of the image") {
    for (strata::index n = 1; n <= 7; ++n)
        for (strata::index size = 1; size <= 4; ++size)
            for (strata::index stride = 0; stride <= 5; ++stride)
                for (strata::index before = 0; before < size; ++before)
                    for (strata::index after = 0; after < size; ++after)
                        for (const bool is_same : {false, true}) {
                            const pool p{.size = {size, 1},
                                         .stride = {stride, 1},
                                         .padding = is_same ? same : padding{before, after, 0, 0}};
                            REQUIRE(p.has_sound_padding());
                            const window g = p.geometry({n, 5, 2});
                            CAPTURE(n, size, stride, before, after, is_same);
                            REQUIRE(g.out_width == 5);
                            REQUIRE(g.stride == p.step());
                            for (strata::index i = 0; i < g.out_height; ++i)
                                REQUIRE(pixels_seen(n, size, p.step().height, g.top, i) > 0);
                        }
}
