#include <strata/loss/mean_squared_error.hpp>

#include "support/catch.hpp"
#include "support/loss_check.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("mean_squared_error equals PyTorch's") {
    check_golden_loss(mean_squared_error{}, "mean_squared_error 1x3");
    check_golden_loss(mean_squared_error{}, "mean_squared_error 5x7");
}

TEST_CASE("mean_squared_error's gradient is the loss's") {
    for (const strata::index batch : {1, 5})
        for (const strata::index outputs : {1, 7})
            check_loss_gradient(mean_squared_error{}, loss_numbers(batch * outputs, 1, -3, 3), batch,
                                outputs);
}

TEST_CASE("mean_squared_error in float sums in double") {
    // 2^24 + 1 is no float: a sum of ones in float would stop at 2^24
    const strata::index batch = 1 << 12, outputs = (1 << 12) + 1;
    const std::vector<float> z(static_cast<std::size_t>(batch * outputs), 1), y(z.size(), 0);
    CHECK(mean_squared_error{}(z.data(), std::span<const float>(y), static_cast<float*>(nullptr), batch,
                               outputs)
          == 1);
}

TEST_CASE("mean_squared_error gives the same bits from any number of threads") {
    check_loss_threads(mean_squared_error{}, loss_numbers(1001 * 37, 2, -1, 1), 1001, 37);
}

TEST_CASE("mean_squared_error refuses bad targets") {
    check_bad_rows(mean_squared_error{});
}
