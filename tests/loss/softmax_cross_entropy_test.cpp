#include <strata/loss/softmax_cross_entropy.hpp>

#include "support/catch.hpp"
#include "support/loss_check.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("softmax_cross_entropy equals PyTorch's") {
    for (const std::string size : {"1x3", "5x7"}) {
        check_golden_loss(softmax_cross_entropy{}, "softmax_cross_entropy labels " + size);
        check_golden_loss(softmax_cross_entropy{}, "softmax_cross_entropy rows " + size);
        check_golden_loss(softmax_cross_entropy{}, "softmax_cross_entropy heavy " + size);
        const softmax_cross_entropy smooth{.label_smoothing = 0.1};
        check_golden_loss(smooth, "softmax_cross_entropy smooth labels " + size);
        check_golden_loss(smooth, "softmax_cross_entropy smooth rows " + size);
    }
}

TEST_CASE("softmax_cross_entropy's gradient is the loss's") {
    for (const strata::index batch : {1, 5})
        for (const strata::index outputs : {2, 7}) {
            const auto rows = loss_numbers(batch * outputs, 1, 0, 1);
            check_loss_gradient(softmax_cross_entropy{}, loss_labels(batch, outputs), batch, outputs);
            check_loss_gradient(softmax_cross_entropy{}, rows, batch, outputs);
            check_loss_gradient(softmax_cross_entropy{.label_smoothing = 0.2}, rows, batch, outputs);
        }
}

TEST_CASE("softmax_cross_entropy of one output is nothing") {
    const double z[] = {3};
    const label only[] = {0};
    double gradient[] = {9};
    CHECK(softmax_cross_entropy{}(z, std::span<const label>(only), gradient, 1, 1) == 0);
    CHECK(gradient[0] == 0);
}

TEST_CASE("labels and their one-hot rows are the same target") {
    const auto z = loss_numbers(15, 3, -2, 2);
    const std::vector<label> labels{4, 0, 2};
    std::vector<double> rows(15), a(15), b(15);
    for (std::size_t i = 0; i < 3; ++i) rows[5 * i + static_cast<std::size_t>(labels[i])] = 1;
    const softmax_cross_entropy loss{.label_smoothing = 0.3};
    CHECK(loss(z.data(), std::span<const label>(labels), a.data(), 3, 5)
          == loss(z.data(), std::span<const double>(rows), b.data(), 3, 5));
    CHECK(a == b);
}

TEMPLATE_TEST_CASE("softmax_cross_entropy is safe at extreme logits", "", float, double) {
    using T = TestType;
    const T z[] = {T(1e4), T(-1e4), 0, T(-1e4), T(1e4), 0};
    const label right[] = {0, 1}, wrong[] = {1, 0};
    T gradient[6];
    CHECK(softmax_cross_entropy{}(z, std::span<const label>(right), gradient, 2, 3) == 0);
    for (const T g : gradient) CHECK(g == 0);
    CHECK(softmax_cross_entropy{}(z, std::span<const label>(wrong), gradient, 2, 3) == 2e4);
    CHECK(gradient[0] == T(0.5));
    CHECK(gradient[1] == T(-0.5));
    CHECK(gradient[2] == 0);
}

TEST_CASE("a logit that is not a number shows in softmax_cross_entropy") {
    for (const std::size_t place : std::initializer_list<std::size_t>{0, 1, 2}) {
        std::vector<double> z{1, 2, 3};
        z[place] = std::numeric_limits<double>::quiet_NaN();
        const label first[] = {0};
        CHECK(std::isnan(softmax_cross_entropy{}(z.data(), std::span<const label>(first),
                                                 static_cast<double*>(nullptr), 1, 3)));
    }
}

TEST_CASE("softmax_cross_entropy gives the same bits from any number of threads") {
    check_loss_threads(softmax_cross_entropy{}, loss_labels(1001, 37), 1001, 37);
}

TEST_CASE("softmax_cross_entropy refuses bad targets") {
    check_bad_labels(softmax_cross_entropy{});
    check_bad_rows(softmax_cross_entropy{});
}

TEST_CASE("softmax_cross_entropy refuses a smoothing that is no share") {
    const double logits[]{1, 2};
    const label labels[]{1};
    for (const double smoothing : {-0.1, 1.5, std::nan("")}) {
        const softmax_cross_entropy loss{.label_smoothing = smoothing};
        CHECK_THROWS_AS(loss(logits, std::span<const label>(labels), static_cast<double*>(nullptr), 1, 2),
                        argument_error);
    }
}
