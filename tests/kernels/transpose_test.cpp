#include <strata/core/parallel.hpp>
#include <strata/kernels/transpose.hpp>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {

TEMPLATE_TEST_CASE("copy_transposed: odd sizes and strides, nothing read or written beyond", "[kernels]",
                   float, double) {
    using T = TestType;
    constexpr index n = detail::lanes<T>;
    const T guard = T(12345);
    for (const index rows : {index{1}, index{2}, n - 1, n, n + 1, 2 * n + 3, 5 * n})
        for (const index columns : {index{1}, index{3}, n - 1, n, n + 1, 2 * n, 3 * n + 5})
            for (const index slack : {0, 1, 7})
                for (const bool whole : {false, true}) {
                    CAPTURE(rows, columns, slack, whole);
                    const index in_stride = columns + slack;
                    const index written = whole ? chunk_count(rows, n) * n : rows;
                    const index out_stride = written + slack;
                    // to the element: the address sanitizer sees what is read behind the last row
                    const auto in = numbers<T>((rows - 1) * in_stride + columns, 1);
                    std::vector<T> out(static_cast<std::size_t>(columns * out_stride + 2 * n), guard);
                    auto expected = out;
                    for (index c = 0; c < columns; ++c)
                        for (index r = 0; r < written; ++r)
                            expected[static_cast<std::size_t>(c * out_stride + r)] =
                                r < rows ? in[static_cast<std::size_t>(r * in_stride + c)] : T(0);
                    detail::copy_transposed(out.data(), out_stride, in.data(), in_stride, rows, columns,
                                            whole);
                    CHECK(out == expected);
                }
}

} // namespace strata::test
