#include <strata/kernels/winograd_choice.hpp>

#include "support/catch.hpp"

namespace strata::test {
namespace {

conv2d_sizes sizes(size2 kernel, size2 stride, size2 dilation = 1, index channels = 64, index filters = 64) {
    return {window::from({32, 32, channels}, kernel, stride, dilation, same), channels, filters, 16};
}

constexpr conv2d_pass passes[] = {conv2d_pass::forward, conv2d_pass::backward_data,
                                  conv2d_pass::backward_weights};

} // namespace

TEST_CASE("winograd's kernels can do stride 1 up to 3x3, stride 2 from 3x3 to 6x6, and no dilation",
          "[kernels]") {
    for (index height = 1; height <= 8; ++height)
        for (index width = 1; width <= 8; ++width) {
            const auto between = [&](index least, index most) {
                return height >= least && height <= most && width >= least && width <= most;
            };
            CAPTURE(height, width);
            CHECK(winograd_can(sizes({height, width}, 1)) == between(2, 3));
            CHECK(winograd_can(sizes({height, width}, 2)) == between(3, 6));
            CHECK_FALSE(winograd_can(sizes({height, width}, 3)));
            CHECK_FALSE(winograd_can(sizes({height, width}, {1, 2})));
            CHECK_FALSE(winograd_can(sizes({height, width}, 1, 2)));
            CHECK_FALSE(winograd_can(sizes({height, width}, 1, {1, 2})));
        }
}

TEST_CASE("winograd's tile is one that is allowed, and none where it cannot or does not win", "[kernels]") {
    for (const auto pass : passes) {
        CAPTURE(static_cast<int>(pass));
        const auto wide = sizes(3, 1), narrow = sizes(3, 1, 1, 1, 1), large = sizes(5, 1);
        CHECK(winograd_tile(wide, pass) == 4);
        CHECK(winograd_tile(wide, pass, true, false) == 2);
        CHECK(winograd_tile(wide, pass, false, true) == 4);
        CHECK(winograd_tile(wide, pass, false, false) == 0);
        CHECK(winograd_tile(narrow, pass) == 0);
        CHECK(winograd_tile(large, pass) == 0);
        CHECK(winograd_wins(wide, pass));
        CHECK_FALSE(winograd_wins(narrow, pass));
    }
}

} // namespace strata::test
