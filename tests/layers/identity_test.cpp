#include <strata/layers/identity.hpp>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("identity obeys the laws of a layer") {
    testing::layer_laws<1, 1, 1>(identity{}, {.batch = 4});
    testing::layer_laws<3, 5, 2>(identity{});
}

TEST_CASE("identity hands on its input") {
    network net{input_of<double, 2, 2, 1>{}, identity{}};
    static_assert(decltype(net)::parameter_count == 0);
    static_assert(decltype(net)::output_shape == shape{2, 2, 1});
    const tensor<double, 4> x{{{{1}, {2}}, {{3}, {4}}}};
    const auto y = net.predict(x);
    CHECK(y == x);
}
