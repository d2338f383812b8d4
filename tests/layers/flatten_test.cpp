#include <strata/layers/flatten.hpp>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

static_assert(flatten::output({28, 28, 3}) == shape{1, 1, 2352});
static_assert(flatten::output({1, 1, 5}) == shape{1, 1, 5});

TEST_CASE("flatten obeys the laws of a layer") {
    testing::layer_laws<1, 1, 1>(flatten{}, {.batch = 4});
    testing::layer_laws<3, 5, 2>(flatten{});
}

TEST_CASE("flatten keeps the order height, width, channels") {
    network net{input_of<double, 2, 2, 2>{}, flatten{}};
    const tensor<double, 4> x{{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}};
    const auto y = net.predict(x);
    CHECK(y == tensor<double, 2>{{1, 2, 3, 4, 5, 6, 7, 8}});
}
