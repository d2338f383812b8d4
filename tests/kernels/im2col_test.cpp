#include <strata/kernels/im2col.hpp>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {

TEMPLATE_TEST_CASE("im2col: every patch is a row, zeros outside the image, nothing behind the slack",
                   "[kernels]", float, double) {
    using T = TestType;
    for (const index channels : {1, 3, 9, 40})
        for (const size2 dilation : {size2(1), size2(2, 3)})
            for (const padding pad : {valid, same, padding{3, 1, 0, 4}}) {
                const index batch = 2, height = 9, width = 8;
                const window g = window::from({height, width, channels}, {3, 2}, {2, 1}, dilation, pad);
                const index patch = g.taps() * channels, first = 1, last = batch * g.out_height;
                const index size = (last - first) * g.out_width * patch;
                const auto x = numbers<T>(batch * height * width * channels, 1);
                auto columns = poisoned<T>(size + im2col_slack + 1);
                columns.back() = T(7);
                im2col(columns.data(), x.data(), g, channels, batch, first, last);
                CHECK(columns.back() == T(7));

                bool equal = true;
                for (index i = 0; i < size; ++i) {
                    const index c = i % channels, tap = i / channels % g.taps(), pixel = i / patch;
                    const index row = first + pixel / g.out_width;
                    const index iy =
                        row % g.out_height * g.stride.height - g.top + tap / g.kernel.width * dilation.height;
                    const index ix =
                        pixel % g.out_width * g.stride.width - g.left + tap % g.kernel.width * dilation.width;
                    const bool inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
                    const index from = ((row / g.out_height * height + iy) * width + ix) * channels + c;
                    equal &= columns[static_cast<std::size_t>(i)]
                             == (inside ? x[static_cast<std::size_t>(from)] : T(0));
                }
                CAPTURE(channels, dilation.width, pad.top, pad.is_same);
                CHECK(equal);
            }
}

TEST_CASE("col2im is the transpose of im2col", "[kernels]") {
    for (const size2 dilation : {size2(1), size2(2)}) {
        const index channels = 3, batch = 2;
        const window g = window::from({7, 6, channels}, 3, 2, dilation, same);
        const auto x = numbers<double>(batch * 42 * channels, 1);
        const index rows = batch * g.out_height, size = rows * g.out_width * g.taps() * channels;
        const auto r = numbers<double>(size, 2);
        auto columns = poisoned<double>(size + im2col_slack);
        im2col(columns.data(), x.data(), g, channels, batch, 0, rows);
        std::vector<double> dx(x.size());
        col2im_add(dx.data(), r.data(), g, channels, 0, rows);
        double left = 0, right = 0;
        for (std::size_t i = 0; i < r.size(); ++i) left += columns[i] * r[i];
        for (std::size_t i = 0; i < x.size(); ++i) right += x[i] * dx[i];
        CHECK(left == Approx(right).epsilon(1e-12));
        CHECK(left != 0);
    }
}

} // namespace strata::test
