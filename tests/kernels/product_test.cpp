#include <strata/kernels/product.hpp>

#include <string>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {
namespace {

using detail::left;

/// How the operands of a product lie.
struct layout {
    bool by_step, b_transposed, in_place, out_transposed, with_start;
    index slack; ///< elements between rows that belong to nobody
};

constexpr double guard = 12345;

template <class T> struct product_case {
    index rows, columns, steps;
    std::vector<T> a = numbers<T>(rows * steps, 1), b = numbers<T>(steps * columns, 2),
                   start = numbers<T>(columns, 3);
    std::vector<double> sums = plain_sums();

    /// By three loops, in double.
    std::vector<double> plain_sums() const {
        std::vector<double> out(static_cast<std::size_t>(rows * columns));
        for (index r = 0; r < rows; ++r)
            for (index s = 0; s < steps; ++s) {
                const auto factor = static_cast<double>(a[static_cast<std::size_t>(r * steps + s)]);
                for (index c = 0; c < columns; ++c)
                    out[static_cast<std::size_t>(r * columns + c)] +=
                        factor * static_cast<double>(b[static_cast<std::size_t>(s * columns + c)]);
            }
        return out;
    }

    /// A matrix as it lies in memory: perhaps turned, its rows `slack` further apart, poison between them.
    static std::vector<T> laid_out(const std::vector<T>& m, index height, index width, bool turned,
                                   index slack) {
        const index stride = (turned ? height : width) + slack;
        auto out = poisoned<T>(((turned ? width : height) - 1) * stride + (turned ? height : width));
        for (index i = 0; i < height; ++i)
            for (index j = 0; j < width; ++j)
                out[static_cast<std::size_t>(turned ? j * stride + i : i * stride + j)] =
                    m[static_cast<std::size_t>(i * width + j)];
        return out;
    }

    /// out as it lies in memory, after checks of what is told of it and of all that must not be written.
    std::vector<T> run(const layout& l) const {
        const auto left_operand = laid_out(a, rows, steps, l.by_step, l.slack),
                   right_operand = laid_out(b, steps, columns, l.b_transposed, l.slack);
        const index out_inner = l.out_transposed ? rows : columns, out_stride = out_inner + l.slack;
        std::vector<T> out(static_cast<std::size_t>((l.out_transposed ? columns : rows) * out_stride + 64),
                           T(guard));
        const auto place = [&](index r, index c) {
            return static_cast<std::size_t>(l.out_transposed ? c * out_stride + r : r * out_stride + c);
        };
        for (index r = 0; r < rows; ++r)
            for (index c = 0; c < columns; ++c) out[place(r, c)] = std::numeric_limits<T>::quiet_NaN();

        const detail::product_job<T> job{.rows = rows,
                                         .columns = columns,
                                         .steps = steps,
                                         .a = left_operand.data(),
                                         .a_stride = (l.by_step ? rows : steps) + l.slack,
                                         .b = right_operand.data(),
                                         .b_stride = (l.b_transposed ? steps : columns) + l.slack,
                                         .b_transposed = l.b_transposed,
                                         .start = l.with_start ? start.data() : nullptr,
                                         .out = out.data(),
                                         .out_stride = out_stride,
                                         .out_transposed = l.out_transposed};
        const index each = detail::product_scratch<T>(rows, columns, steps, l.out_transposed,
                                                      !l.by_step && detail::rows_collide<T>(job.a_stride));
        auto scratch = poisoned<T>(each * threads() + 64);
        std::fill(scratch.end() - 64, scratch.end(), T(guard));

        std::vector<int> told(sums.size());
        std::vector<T> when_told(sums.size());
        const auto finished = [&](index row, index row_end, index column, index column_end) {
            for (index r = row; r < row_end; ++r)
                for (index c = column; c < column_end; ++c) {
                    const auto i = static_cast<std::size_t>(r * columns + c);
                    ++told[i];
                    when_told[i] = out[place(r, c)];
                }
        };
        if (l.by_step)
            detail::multiply_tiled<left::by_step>(job, l.in_place, threads(), scratch.data(), finished);
        else
            detail::multiply_tiled<left::by_row>(job, l.in_place, threads(), scratch.data(), finished);

        CHECK(std::all_of(told.begin(), told.end(), [](int times) { return times == 1; }));
        CHECK(std::all_of(scratch.end() - 64, scratch.end(), [](T v) { return v == T(guard); }));
        double worst = 0;
        bool is_final = true;
        auto rest = out;
        for (index r = 0; r < rows; ++r)
            for (index c = 0; c < columns; ++c) {
                const auto i = static_cast<std::size_t>(r * columns + c);
                const T is = out[place(r, c)];
                const double right =
                    sums[i] + (l.with_start ? static_cast<double>(start[static_cast<std::size_t>(c)]) : 0);
                const double off = std::abs(static_cast<double>(is) - right);
                if (!(off <= worst)) worst = off; // also where it is not a number
                is_final &= when_told[i] == is;
                rest[place(r, c)] = T(guard);
            }
        CHECK(is_final);
        CHECK(worst <= 4 * static_cast<double>(std::numeric_limits<T>::epsilon())
                           * (static_cast<double>(steps) + 2));
        CHECK(std::all_of(rest.begin(), rest.end(), [](T v) { return v == T(guard); }));
        return out;
    }
};

/// Every way in which operands and result may lie.
std::vector<layout> layouts(index slack) {
    std::vector<layout> all;
    for (const bool by_step : {false, true})
        for (const auto& [b_transposed, in_place] :
             {std::pair(false, false), std::pair(false, true), std::pair(true, false)})
            for (const bool out_transposed : {false, true})
                for (const bool with_start : {false, true})
                    all.push_back({by_step, b_transposed, in_place, out_transposed, with_start, slack});
    return all;
}

template <class T> void check_all(index rows, index columns, index steps, index slack) {
    const product_case<T> c{rows, columns, steps};
    for (const layout& l : layouts(slack)) {
        CAPTURE(rows, columns, steps, slack, l.by_step, l.b_transposed, l.in_place, l.out_transposed,
                l.with_start);
        c.run(l);
    }
}

} // namespace

TEMPLATE_TEST_CASE("product: equals three plain loops, odd sizes and every layout", "[kernels]", float,
                   double) {
    using T = TestType;
    constexpr index n = detail::lanes<T>;
    for (const index rows : {1, 2, 5, 6, 7, 8, 9, 13, 31})
        for (const index columns : {index{1}, n - 1, n, n + 1, 2 * n, 2 * n + 1, 5 * n + 3})
            for (const index steps : {1, 2, 19}) check_all<T>(rows, columns, steps, (rows + columns) % 2 * 3);
}

TEMPLATE_TEST_CASE("product: blocks of steps, strips of rows, blocks of columns", "[kernels]", float,
                   double) {
    using T = TestType;
    check_all<T>(9, 35, 700, 1); // several blocks of steps
    check_all<T>(4200, 7, 3, 0); // as many strips of rows as have b packed at once
    check_all<T>(1100, 37, 301, 5);
    check_all<T>(13, 45, 509, 3); // rows that collide in the first cache: 512 elements apart
    check_all<T>(300, 20, 1024, 0);
    check_all<T>(3, 2100, 140, 0); // more of b than the second cache holds
}

TEMPLATE_TEST_CASE("product: the same bits for any number of threads", "[kernels]", float, double) {
    using T = TestType;
    const int before = threads();
    for (const auto& [rows, columns, steps] :
         {std::array<index, 3>{150, 77, 300}, std::array<index, 3>{5, 600, 800},
          std::array<index, 3>{700, 30, 150}}) {
        const product_case<T> c{rows, columns, steps};
        for (const layout& l : layouts(1)) {
            CAPTURE(rows, columns, steps, l.by_step, l.b_transposed, l.in_place, l.out_transposed,
                    l.with_start);
            threads(1);
            const auto one = c.run(l);
            for (const int count : {2, 3}) {
                threads(count);
                CHECK((c.run(l) == one)); // too long to print
            }
        }
    }
    threads(before);
}

TEST_CASE("product: a cut has no more pieces than threads, rows and vectors of columns", "[kernels]") {
    for (const index rows : {1, 2, 7, 300})
        for (const index columns : {1, 16, 17, 800})
            for (const index steps : {1, 500, 40'000})
                for (const int count : {1, 2, 3, 4, 7}) {
                    const auto cut = product_cut::of(rows, columns, steps, 16, 4, count);
                    CAPTURE(rows, columns, steps, count, cut.down, cut.across);
                    CHECK(cut.down >= 1);
                    CHECK(cut.across >= 1);
                    CHECK(cut.down * cut.across <= count);
                    CHECK(cut.down <= rows);
                    CHECK(cut.across <= chunk_count(columns, 16));
                }
}

} // namespace strata::test
