#include <strata/kernels/thin_product.hpp>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {
namespace {

template <class T> double tolerance(index steps) {
    return 4 * static_cast<double>(std::numeric_limits<T>::epsilon()) * (static_cast<double>(steps) + 2);
}

/// A matrix of rows x columns numbers whose rows are `slack` further apart, with poison between them.
template <class T> struct matrix {
    index rows, columns, stride;
    std::vector<T> data;

    matrix(index rows_, index columns_, index slack, unsigned salt)
        : rows(rows_),
          columns(columns_),
          stride(columns_ + slack),
          data(poisoned<T>((rows_ - 1) * stride + columns_)) {
        const auto drawn = numbers<T>(rows * columns, salt);
        for (index i = 0; i < rows * columns; ++i)
            data[static_cast<std::size_t>(i / columns * stride + i % columns)] =
                drawn[static_cast<std::size_t>(i)];
    }
    double at(index row, index column) const {
        return static_cast<double>(data[static_cast<std::size_t>(row * stride + column)]);
    }
};

constexpr double guard = 12345;

/// What must be where in `out`: results to within a tolerance, the guard elsewhere.
template <class T> void check(const std::vector<T>& out, const std::vector<double>& expected, double most) {
    bool guards_hold = true;
    double worst = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const double is = static_cast<double>(out[i]);
        if (expected[i] == guard)
            guards_hold &= is == guard;
        else if (!(std::abs(is - expected[i]) <= worst))
            worst = std::abs(is - expected[i]); // also where it is not a number
    }
    CHECK(guards_hold);
    CHECK(worst <= most);
}

} // namespace

TEMPLATE_TEST_CASE("multiply_by_dots: plain sums, in either layout of the result, begun anew or gone on with",
                   "[kernels]", float, double) {
    using T = TestType;
    for (const index rows : {1, 2, 3, 4, 5, 9})
        for (const index columns : {1, 2, 3, 4, 5, 6, 11, 13})
            for (const index steps : {1, 3, 16, 37, 130})
                for (const index slack : {0, 3})
                    for (const int mode : {0, 1, 2, 3}) { // nothing, start, more, more (start is not read)
                        const bool is_transposed = (rows + columns + slack) % 2 == 1, more = mode >= 2;
                        CAPTURE(rows, columns, steps, slack, mode);
                        const matrix<T> a(rows, steps, slack, 1), b(columns, steps, slack, 2);
                        const auto start = mode == 3 ? poisoned<T>(columns) : numbers<T>(columns, 3);
                        const index inner = is_transposed ? rows : columns;
                        const index outer = is_transposed ? columns : rows, stride = inner + slack;
                        std::vector<T> out(static_cast<std::size_t>(outer * stride + 16), T(guard));
                        std::vector<double> expected(out.size(), guard);
                        const detail::dots_result<T> place{out.data(), is_transposed ? 1 : stride,
                                                           is_transposed ? stride : 1};
                        for (index r = 0; r < rows; ++r)
                            for (index c = 0; c < columns; ++c) {
                                T& element = place(r, c);
                                element = more ? static_cast<T>(r - c) : poisoned<T>(1)[0];
                                double sum = more ? static_cast<double>(r - c)
                                             : mode == 1
                                                 ? static_cast<double>(start[static_cast<std::size_t>(c)])
                                                 : 0;
                                for (index s = 0; s < steps; ++s) sum += a.at(r, s) * b.at(c, s);
                                expected[static_cast<std::size_t>(&element - out.data())] = sum;
                            }
                        detail::multiply_by_dots<T>(place, mode % 2 == 1 ? start.data() : nullptr, more,
                                                    a.data.data(), a.stride, rows, b.data.data(), b.stride,
                                                    columns, steps);
                        check(out, expected, 16 * tolerance<T>(steps));
                    }
}

TEMPLATE_TEST_CASE("multiply_sweeping: plain sums over b where it lies", "[kernels]", float, double) {
    using T = TestType;
    for (const index rows : {1, 2, 3, 7})
        for (const index columns : {1, 3, 7, 8, 16, 17, 31, 32, 33, 70})
            for (const index steps : {1, 2, 3, 4, 7, 8, 9, 37})
                for (const index slack : {0, 3})
                    for (const bool with_start : {false, true}) {
                        CAPTURE(rows, columns, steps, slack, with_start);
                        const matrix<T> a(rows, steps, slack, 1), b(steps, columns, slack, 2);
                        const auto start = numbers<T>(columns, 3);
                        const index stride = columns + slack;
                        std::vector<T> out(static_cast<std::size_t>(rows * stride + 16), T(guard));
                        std::vector<double> expected(out.size(), guard);
                        for (index r = 0; r < rows; ++r)
                            for (index c = 0; c < columns; ++c) {
                                const auto at = static_cast<std::size_t>(r * stride + c);
                                out[at] = std::numeric_limits<T>::quiet_NaN();
                                double sum =
                                    with_start ? static_cast<double>(start[static_cast<std::size_t>(c)]) : 0;
                                for (index s = 0; s < steps; ++s) sum += a.at(r, s) * b.at(s, c);
                                expected[at] = sum;
                            }
                        detail::multiply_sweeping<T>(out.data(), stride, with_start ? start.data() : nullptr,
                                                     a.data.data(), a.stride, b.data.data(), b.stride, rows,
                                                     columns, steps);
                        check(out, expected, tolerance<T>(steps));
                    }
}

} // namespace strata::test
