#include <strata/loss/hinge.hpp>

#include "support/catch.hpp"
#include "support/loss_check.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("the hinges equal their formulas in PyTorch") {
    for (const std::string size : {"1x3", "5x7"}) {
        check_golden_loss(hinge{}, "hinge labels " + size);
        check_golden_loss(hinge{}, "hinge rows " + size);
        check_golden_loss(crammer_singer_hinge{}, "crammer_singer_hinge " + size);
        check_golden_loss(crammer_singer_hinge{.margin = 2.5}, "crammer_singer_hinge wide " + size);
    }
}

TEST_CASE("the hinges' gradients are the losses'") {
    for (const strata::index batch : {1, 5})
        for (const strata::index outputs : {3, 7}) {
            std::vector<double> rows = loss_numbers(batch * outputs, 1, 0, 2);
            for (double& y : rows) y = y < 1 ? 0 : 1;
            check_loss_gradient(hinge{}, loss_labels(batch, outputs), batch, outputs);
            check_loss_gradient(hinge{}, rows, batch, outputs);
            check_loss_gradient(crammer_singer_hinge{.margin = 4}, loss_labels(batch, outputs), batch,
                                outputs);
        }
}

TEST_CASE("hinge is the mean over samples and classes") {
    const double z[] = {2, 0.5, -3};
    const label first[] = {0};
    double gradient[3];
    // right and beyond its margin: 0; wrong at 0.5: 1.5; wrong at -3: 0
    CHECK(hinge{}(z, std::span<const label>(first), gradient, 1, 3) == 0.5);
    CHECK(gradient[0] == 0);
    CHECK(gradient[1] == Approx(1.0 / 3));
    CHECK(gradient[2] == 0);
}

TEST_CASE("crammer_singer_hinge looks at the best wrong class, the first of equals") {
    const double z[] = {1, 3, 0, 3};
    const label first[] = {0};
    double gradient[4];
    CHECK(crammer_singer_hinge{}(z, std::span<const label>(first), gradient, 1, 4) == 3);
    CHECK(gradient[0] == -1);
    CHECK(gradient[1] == 1);
    CHECK(gradient[2] == 0);
    CHECK(gradient[3] == 0);

    const label second[] = {1};
    const double clear[] = {1, 3, 0, 1.5};
    CHECK(crammer_singer_hinge{}(clear, std::span<const label>(second), gradient, 1, 4) == 0);
    for (const double g : gradient) CHECK(g == 0);
}

TEMPLATE_TEST_CASE("the hinges are exact at extreme scores", "", float, double) {
    using T = TestType;
    const T z[] = {T(1e4), T(-1e4)};
    const label right[] = {0}, wrong[] = {1};
    T gradient[2];
    CHECK(hinge{}(z, std::span<const label>(right), gradient, 1, 2) == 0);
    CHECK(hinge{}(z, std::span<const label>(wrong), gradient, 1, 2) == 10'001);
    CHECK(crammer_singer_hinge{}(z, std::span<const label>(right), gradient, 1, 2) == 0);
    CHECK(crammer_singer_hinge{}(z, std::span<const label>(wrong), gradient, 1, 2) == 20'001);
}

TEST_CASE("a score that is not a number shows in the hinges") {
    for (const std::size_t place : std::initializer_list<std::size_t>{0, 1, 2}) {
        std::vector<double> z{1, 2, 3};
        z[place] = std::numeric_limits<double>::quiet_NaN();
        const label first[] = {0};
        const std::span<const label> t(first);
        CHECK(std::isnan(hinge{}(z.data(), t, static_cast<double*>(nullptr), 1, 3)));
        CHECK(std::isnan(crammer_singer_hinge{}(z.data(), t, static_cast<double*>(nullptr), 1, 3)));
    }
}

TEST_CASE("the hinges give the same bits from any number of threads") {
    check_loss_threads(hinge{}, loss_labels(1001, 37), 1001, 37);
    check_loss_threads(crammer_singer_hinge{}, loss_labels(1001, 37), 1001, 37);
}

TEST_CASE("the hinges refuse bad targets") {
    check_bad_labels(hinge{});
    check_bad_rows(hinge{});
    check_bad_labels(crammer_singer_hinge{});
    const double z[] = {1};
    const label first[] = {0};
    double gradient[] = {-7};
    CHECK(argument_message([&] { crammer_singer_hinge{}(z, std::span<const label>(first), gradient, 1, 1); })
          == "crammer_singer_hinge needs at least 2 outputs: got 1");
    CHECK(gradient[0] == -7);
}
