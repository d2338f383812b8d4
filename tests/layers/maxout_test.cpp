#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/maxout.hpp>
#include <strata/layers/relu.hpp>

#include <limits>
#include <vector>

#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

TEST_CASE("maxout obeys the laws of a layer") {
    testing::layer_laws<1, 1, 10>(maxout<>{}, {.batch = 5});
    testing::layer_laws<3, 5, 9>(maxout<3>{});
    testing::layer_laws<1, 2, 7>(maxout<7>{});                  // one channel is left
    testing::layer_laws<17, 15, 20>(maxout<5>{}, {.batch = 9}); // several chunks
}

TEST_CASE("maxout takes the largest of adjacent channels, and the gradient goes to the first of these") {
    network net{input_of<double, 1, 2, 6>{}, maxout<3>{}};
    STATIC_REQUIRE(maxout<3>::output({5, 4, 6}) == shape{5, 4, 2});
    const std::vector<double> x{1, 3, 2, -4, -5, -4, 0, 0, 0, 7, 8, 9}, dy{1, 2, 3, 4};
    std::vector<double> y(4), dx(12);
    workspace room;
    net.forward_training(x.data(), y.data(), 1, room);
    net.backward(x.data(), y.data(), dy.data(), dx.data(), 1, room);
    CHECK(y == std::vector<double>{3, -4, 0, 9});
    CHECK(dx == std::vector<double>{0, 1, 0, 2, 0, 0, 3, 0, 0, 0, 0, 4});
}

TEST_CASE("maxout lets a NaN through") {
    network net{input_of<double, 4>{}, maxout<2>{}};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto y = net.predict(tensor<double, 2>{{nan, 1, 2, nan}});
    CHECK(y(0, 0) != y(0, 0));
    CHECK(y(0, 1) != y(0, 1));
}

TEST_CASE("maxout among other layers") {
    constexpr conv six{.filters = 6, .padding = same};
    using image = input_of<double, 6, 5, 2>;
    testing::check_apart("convolutions", image{}, conv2d<six>{}, maxout<>{}, conv2d<six>{}, relu{},
                         maxout<3>{}, max_pool2d<>{}, maxout<2>{}, flatten{}, dense<4>{}, maxout<>{},
                         dropout{.rate = 0.5f});
    network net{image{}, conv2d<six>{}, maxout<2>{}, max_pool2d<>{}, flatten{}, dense<6>{}, maxout<3>{}};
    testing::check_gradients(net, {.batch = 3});
}
