#include <strata/kernels/rows.hpp>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {

TEMPLATE_TEST_CASE("rows: a turn is whole rows in whole vectors, or one row", "[kernels]", float, double) {
    using T = TestType;
    for (index columns = 1; columns <= 300; ++columns)
        for (const index rows : {1, 2, 7, 100, 5000}) {
            const index width = detail::turn_width<T>(rows, columns);
            CAPTURE(rows, columns, width);
            REQUIRE(width % columns == 0);
            if (width == columns) continue;
            REQUIRE(width % detail::lanes<T> == 0);
            REQUIRE(width <= detail::widest_turn<T>);
            REQUIRE(width <= rows * columns);
        }
    CHECK(detail::turn_width<T>(5000, 3) > 3); // few columns do not make a vector each
}

TEMPLATE_TEST_CASE("rows: numbers per column are repeated for every row of a turn", "[kernels]", float,
                   double) {
    using T = TestType;
    for (const index columns : {1, 3, 5, 16, 300}) {
        const auto values = numbers<T>(columns, 1);
        const index width = detail::turn_width<T>(5000, columns);
        const detail::repeated<T> all(values.data(), columns, width);
        bool equal = true;
        for (index i = 0; i < width; ++i)
            equal &= all.data()[i] == values[static_cast<std::size_t>(i % columns)];
        CAPTURE(columns, width);
        CHECK(equal);
    }
}

TEMPLATE_TEST_CASE("rows: every element is met once, at its place within the turn", "[kernels]", float,
                   double) {
    using T = TestType;
    constexpr index n = detail::lanes<T>;
    for (const index rows : {1, 2, 7, 101})
        for (const index columns : {1, 3, 10, 16, 33}) {
            const index size = rows * columns, width = detail::turn_width<T>(rows, columns);
            std::vector<int> seen(static_cast<std::size_t>(size));
            bool is_right = true;
            detail::for_each_vector<T>(size, width, [&](index at, index column, auto... part) {
                const index count = (n + ... + (part - n));
                is_right = is_right && count > 0 && count <= n && at + count <= size && column == at % width
                           && column + count <= width;
                for (index i = at; i < std::min(at + count, size); ++i) ++seen[static_cast<std::size_t>(i)];
            });
            CAPTURE(rows, columns);
            CHECK(is_right);
            CHECK(seen == std::vector<int>(seen.size(), 1));
        }
}

TEMPLATE_TEST_CASE("rows: column sums of two things at once are added to what is there", "[kernels]", float,
                   double) {
    using T = TestType;
    for (const index rows : {1, 2, 3, 16, 37, 400})
        for (const index columns : {1, 2, 3, 10, 15, 16, 17, 31, 64, 100, 199, 520}) {
            const index width = detail::turn_width<T>(rows, columns);
            // of 5 binary digits: sums are exact in any order; the last of the sums is a guard
            const auto coarse = [](std::vector<T> v) {
                for (T& element : v) element = std::round(element * 32) / 32;
                return v;
            };
            const auto x = coarse(numbers<T>(rows * columns, 1));
            auto plain = coarse(numbers<T>(columns + 1, 2)), squares = coarse(numbers<T>(columns + 1, 3));
            auto expected = plain, expected_squares = squares;
            for (std::size_t i = 0; i < x.size(); ++i) {
                expected[i % static_cast<std::size_t>(columns)] += x[i];
                expected_squares[i % static_cast<std::size_t>(columns)] += x[i] * x[i];
            }
            const T* const from = x.data();
            detail::add_columns<T, 2>({plain.data(), squares.data()}, rows, columns, width,
                                      [=](auto& sums, index at, index, auto... part) {
                                          const auto v = detail::load(from + at, part...);
                                          sums[0] += v;
                                          sums[1] += v * v;
                                      });
            CAPTURE(rows, columns);
            CHECK(plain == expected);
            CHECK(squares == expected_squares);
        }
}

} // namespace strata::test
