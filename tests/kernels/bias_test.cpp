#include <strata/kernels/bias.hpp>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {

TEMPLATE_TEST_CASE("bias: added to every row, summed over every row, for narrow and wide rows", "[kernels]",
                   float, double) {
    using T = TestType;
    for (const index rows : {1, 15, 16, 17, 33, 100})
        for (const index columns : {1, 3, 15, 16, 17, 200}) {
            CAPTURE(rows, columns);
            const auto y = numbers<T>(rows * columns, 1), bias = numbers<T>(columns, 2);
            auto with = y, without = y, expected = y, expected_without = y;
            auto sums = numbers<T>(columns, 3), expected_sums = sums; // adds to what is there
            for (std::size_t i = 0; i < y.size(); ++i) {
                const std::size_t c = i % bias.size();
                expected[i] = 2 * (y[i] + bias[c]);
                expected_without[i] = 2 * y[i];
                expected_sums[c] += y[i];
            }
            const auto twice = [](T v) { return 2 * v; };
            add_bias(with.data(), bias.data(), rows, columns, twice);
            add_bias(without.data(), static_cast<const T*>(nullptr), rows, columns, twice);
            add_column_sums(sums.data(), y.data(), rows, columns);
            CHECK(with == expected);
            CHECK(without == expected_without);
            CHECK(largest_difference(sums, expected_sums)
                  <= static_cast<double>(rows) * static_cast<double>(std::numeric_limits<T>::epsilon()));
        }
}

} // namespace strata::test
