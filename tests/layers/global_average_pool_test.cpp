#include <strata/layers/global_average_pool.hpp>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("global_average_pool obeys the laws of a layer") {
    testing::layer_laws<5, 3, 4>(global_average_pool{});
    testing::layer_laws<1, 1, 3>(global_average_pool{});
    testing::layer_laws<4, 7, 1>(global_average_pool{}, {.batch = 5});
}

TEST_CASE("global_average_pool gives every channel its mean") {
    network net{input_of<double, 1, 2, 2>{}, global_average_pool{}};
    const auto y = net.predict(tensor<double, 2>{{1, 2, 3, 8}});
    CHECK(y == tensor<double, 2>{{2, 5}});
    STATIC_REQUIRE(global_average_pool::output({7, 5, 6}) == shape{1, 1, 6});
}
