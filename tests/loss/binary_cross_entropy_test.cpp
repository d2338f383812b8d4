#include <strata/loss/binary_cross_entropy.hpp>

#include "support/catch.hpp"
#include "support/loss_check.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("binary_cross_entropy equals PyTorch's") {
    check_golden_loss(binary_cross_entropy{}, "binary_cross_entropy 1x3");
    check_golden_loss(binary_cross_entropy{}, "binary_cross_entropy 5x7");
}

TEST_CASE("binary_cross_entropy's gradient is the loss's") {
    for (const strata::index batch : {1, 5})
        for (const strata::index outputs : {1, 7})
            check_loss_gradient(binary_cross_entropy{}, loss_numbers(batch * outputs, 1, 0, 1), batch,
                                outputs);
}

TEMPLATE_TEST_CASE("binary_cross_entropy is safe at extreme logits", "", float, double) {
    using T = TestType;
    const T z[] = {T(1e4), T(-1e4)}, right[] = {1, 0}, wrong[] = {0, 1};
    T gradient[2];
    CHECK(binary_cross_entropy{}(z, std::span<const T>(right), gradient, 1, 2) == 0);
    CHECK(gradient[0] == 0);
    CHECK(gradient[1] == 0);
    CHECK(binary_cross_entropy{}(z, std::span<const T>(wrong), gradient, 1, 2) == 1e4);
    CHECK(gradient[0] == T(0.5));
    CHECK(gradient[1] == T(-0.5));
}

TEST_CASE("a logit that is not a number shows in binary_cross_entropy") {
    const double z[] = {1, std::numeric_limits<double>::quiet_NaN()}, y[] = {1, 0};
    CHECK(std::isnan(
        binary_cross_entropy{}(z, std::span<const double>(y), static_cast<double*>(nullptr), 1, 2)));
}

TEST_CASE("binary_cross_entropy gives the same bits from any number of threads") {
    check_loss_threads(binary_cross_entropy{}, loss_numbers(1001 * 37, 2, 0, 1), 1001, 37);
}

TEST_CASE("binary_cross_entropy refuses bad targets") {
    check_bad_rows(binary_cross_entropy{});
}
