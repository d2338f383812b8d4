#include <strata/layers/conv2d.hpp>
#include <strata/layers/global_max_pool.hpp>
#include <strata/layers/relu.hpp>

#include <limits>
#include <vector>

#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("global_max_pool obeys the laws of a layer") {
    testing::layer_laws<5, 3, 4>(global_max_pool{});
    testing::layer_laws<1, 1, 3>(global_max_pool{});
    testing::layer_laws<2, 2, 19>(global_max_pool{});
    testing::layer_laws<17, 16, 2>(global_max_pool{}, {.batch = 5}); // more pixels than a byte counts
}

TEST_CASE("global_max_pool gives every channel its largest number, and the gradient to the first of them") {
    network net{input_of<double, 1, 3, 2>{}, global_max_pool{}};
    const std::vector<double> x{1, -2, 3, -8, 3, -2}, dy{5, 7};
    std::vector<double> y(2), dx(6);
    workspace room;
    net.forward_training(x.data(), y.data(), 1, room);
    net.backward(x.data(), y.data(), dy.data(), dx.data(), 1, room);
    CHECK(y == std::vector<double>{3, -2});
    CHECK(dx == std::vector<double>{0, 7, 5, 0, 0, 0});
    STATIC_REQUIRE(global_max_pool::output({7, 5, 6}) == shape{1, 1, 6});
    const auto with_nan =
        net.predict(tensor<double, 2>{{1, 2, 3, 4, 5, std::numeric_limits<double>::quiet_NaN()}});
    CHECK(with_nan(0, 0) == 5);
    CHECK(with_nan(0, 1) != with_nan(0, 1));
}

TEST_CASE("global_max_pool takes the slope of the activation in front") {
    testing::check_apart("convolution, relu", input_of<double, 5, 4, 2>{},
                         conv2d<conv{.filters = 3, .padding = same}>{}, relu{}, global_max_pool{});
}
