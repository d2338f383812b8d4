#include <strata/layers/average_pool2d.hpp>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("average_pool2d obeys the laws of a layer") {
    testing::layer_laws<6, 4, 3>(average_pool2d<>{});
    testing::layer_laws<5, 7, 2>(average_pool2d<pool{.size = 3, .stride = 2, .padding = same}>{});
    testing::layer_laws<7, 6, 1>(average_pool2d<pool{.size = {2, 3}, .stride = 1}>{});
    testing::layer_laws<5, 5, 2>(average_pool2d<pool{.size = 3, .stride = 3, .padding = {2, 0, 1, 2}}>{});
}

TEST_CASE("average_pool2d divides by the pixels of the image in its window") {
    network net{input_of<double, 2, 2, 1>{}, average_pool2d<pool{.size = 2, .stride = 1, .padding = same}>{}};
    const auto y = net.predict(tensor<double, 2>{{1, 2, 3, 6}});
    CHECK(y == tensor<double, 4>{{{{3}, {4}}, {{4.5}, {6}}}});
    STATIC_REQUIRE(average_pool2d<>::output({7, 5, 6}) == shape{3, 2, 6});
    STATIC_REQUIRE_FALSE(average_pool2d<pool{.size = 3, .padding = 3}>::output({8, 8, 1}).is_valid());
}
