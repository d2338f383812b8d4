#include <strata/layers/relu.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/activations.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;
using testing::applied;
using testing::slopes;

TEST_CASE("relu obeys the laws of a layer") {
    testing::layer_laws<1, 1, 1>(relu{}, {.batch = 5});
    testing::layer_laws<3, 5, 7>(relu{});
}

TEST_CASE("relu is the maximum of x and 0, its slope 1 above 0 and 0 elsewhere") {
    CHECK(applied<double>(relu{}, {-2, -0.5, 0, 0.5, 3}) == std::vector<double>{0, 0, 0, 0.5, 3});
    CHECK(slopes<double>(relu{}, {-2, -0.5, 0, 0.5, 3}) == std::vector<double>{0, 0, 0, 1, 1});
    CHECK(applied<float>(relu{}, {-1e30f, 1e30f}) == std::vector<float>{0, 1e30f});
}

TEST_CASE("relu hands on NaN, and infinities as they are") {
    constexpr float inf = std::numeric_limits<float>::infinity();
    const auto y = applied<float>(relu{}, {NAN, inf, -inf, -0.f});
    CHECK(std::isnan(y[0]));
    CHECK(y[1] == inf);
    CHECK(y[2] == 0);
    CHECK(y[3] == 0);
    CHECK(slopes<float>(relu{}, {-0.f}) == std::vector<float>{0});
}

TEST_CASE("relu is correct over more elements than one thread's chunk") {
    constexpr strata::index features = 50'001;
    network net{input<features>{}, relu{}};
    const auto values = testing::random_values(3 * features, 4);
    const std::vector<float> x(values.begin(), values.end());
    std::vector<float> y(x.size()), dx(x.size());
    workspace room;
    net.forward_training(x.data(), y.data(), 3, room);
    net.backward(x.data(), y.data(), x.data(), dx.data(), 3, room);
    int wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) wrong += y[i] != std::max(x[i], 0.f) || dx[i] != y[i];
    CHECK(wrong == 0);
}
