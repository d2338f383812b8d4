#include <strata/core/shape.hpp>

#include <algorithm>
#include <sstream>

#include "support/catch.hpp"

namespace strata {
namespace {

std::string written(shape s) {
    std::ostringstream out;
    out << s;
    return out.str();
}

/// Counts the places where a window fits, by trying every one.
index places(index n, index kernel, index stride, index dilation, index before, index after) {
    index count = 0;
    for (index first = -before; first + (kernel - 1) * dilation <= n - 1 + after; first += stride) ++count;
    return count;
}

} // namespace

TEST_CASE("a shape knows its size and how it is written") {
    constexpr shape image{28, 20, 3}, flat{.channels = 10};
    STATIC_REQUIRE(image.size() == 1680);
    STATIC_REQUIRE(image.pixels() == 560);
    STATIC_REQUIRE(!image.is_flat());
    STATIC_REQUIRE(flat.is_flat());
    STATIC_REQUIRE(flat == shape{1, 1, 10});
    STATIC_REQUIRE(image != shape{20, 28, 3});
    STATIC_REQUIRE(image.is_valid());
    STATIC_REQUIRE(!shape{0, 1, 1}.is_valid());
    STATIC_REQUIRE(!shape{1, -2, 1}.is_valid());
    STATIC_REQUIRE(!shape{1, 1, 0}.is_valid());
    CHECK(written(image) == "28x20x3");
    CHECK(written(flat) == "10");
}

TEST_CASE("extents multiply") {
    STATIC_REQUIRE(extents{5, 4, 3, 2}.size() == 120);
    STATIC_REQUIRE(extents{7}.size() == 7);
    STATIC_REQUIRE(extents{7}.rank == 1);
    STATIC_REQUIRE(extents{2, 3} != extents{3, 2});
    STATIC_REQUIRE(extents{2, 3} != extents{2, 3, 0});
}

TEST_CASE("one number is a size in both directions and a padding on four sides") {
    STATIC_REQUIRE(size2{3} == size2{3, 3});
    STATIC_REQUIRE(padding{2} == padding{2, 2, 2, 2});
    STATIC_REQUIRE(valid == padding{0});
    STATIC_REQUIRE(same != valid);
}

TEST_CASE("a window with explicit padding has as many outputs as it fits") {
    for (index n = 1; n <= 9; ++n)
        for (index kernel = 1; kernel <= 5; ++kernel)
            for (index stride = 1; stride <= 4; ++stride)
                for (index dilation = 1; dilation <= 3; ++dilation)
                    for (index before = 0; before <= 2; ++before)
                        for (index after = 0; after <= 2; ++after) {
                            const auto w = window::from({n, 100, 1}, {kernel, 1}, {stride, 1}, {dilation, 1},
                                                        {before, after, 0, 0});
                            const auto v = window::from({100, n, 1}, {1, kernel}, {1, stride}, {1, dilation},
                                                        {0, 0, before, after});
                            const index count = places(n, kernel, stride, dilation, before, after);
                            CAPTURE(n, kernel, stride, dilation, before, after);
                            REQUIRE(w.out_height == count);
                            REQUIRE(w.top == before);
                            REQUIRE(v.out_width == count);
                            REQUIRE(v.left == before);
                        }
}

// TensorFlow: outputs = ceil(n / stride), padding = max((outputs - 1) stride + extent - n, 0), the odd pixel
// behind.
TEST_CASE("same padding gives ceil(n / stride) outputs that cover the image") {
    for (index n = 1; n <= 12; ++n)
        for (index kernel = 1; kernel <= 7; ++kernel)
            for (index stride = 1; stride <= 4; ++stride)
                for (index dilation = 1; dilation <= 2; ++dilation) {
                    const auto w = window::from({n, n, 1}, kernel, stride, dilation, same);
                    CAPTURE(n, kernel, stride, dilation);
                    const index outputs = (n + stride - 1) / stride, extent = (kernel - 1) * dilation + 1;
                    const index total = std::max<index>((outputs - 1) * stride + extent - n, 0);
                    REQUIRE(w.out_height == outputs);
                    REQUIRE(w.out_width == outputs);
                    REQUIRE(w.top == total / 2);
                    REQUIRE(w.left == total / 2);
                    REQUIRE(places(n, kernel, stride, dilation, w.top, total - w.top) == outputs);
                }
    // 28 by 4, stride 2: one pixel of padding in front, one behind; 6, stride 1: two in front, three behind
    STATIC_REQUIRE(window::from({28, 28, 1}, 4, 2, 1, same).top == 1);
    STATIC_REQUIRE(window::from({28, 28, 1}, 6, 1, 1, same).top == 2);
}

TEST_CASE("a window larger than its image has no outputs") {
    STATIC_REQUIRE(window::from({3, 3, 1}, 5, 1, 1, valid).outputs() == 0);
    STATIC_REQUIRE(window::from({3, 3, 1}, 2, 1, 3, valid).outputs() == 0);
    STATIC_REQUIRE(window::from({3, 3, 1}, 5, 1, 1, 1).outputs() == 1);
    STATIC_REQUIRE(window::from({8, 6, 1}, {3, 2}, {2, 3}, 1, valid).outputs() == 3 * 2);
    STATIC_REQUIRE(window::from({8, 6, 1}, {3, 2}, {2, 3}, 1, valid).taps() == 6);
}

} // namespace strata
