#include <strata/layers/softmax.hpp>

#include <cmath>
#include <vector>

#include "support/activations.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;
using testing::applied;

TEST_CASE("softmax obeys the laws of a layer") {
    testing::layer_laws<1, 1, 2>(softmax{}, {.batch = 5});
    testing::layer_laws<3, 2, 7>(softmax{}, {.gradients = {.low = -3, .high = 3}});
}

TEST_CASE("softmax makes probabilities of every pixel's channels") {
    const network net{input_of<double, 2, 3, 4>{}, softmax{}};
    const auto x = testing::random_values(5 * 24, 2, -9, 9);
    std::vector<double> y(x.size());
    workspace room;
    net.forward(x.data(), y.data(), 5, room);
    for (std::size_t pixel = 0; pixel < y.size(); pixel += 4) {
        double sum = 0;
        for (std::size_t c = pixel; c < pixel + 4; ++c) {
            CHECK(y[c] > 0);
            CHECK(std::log(y[c] / y[pixel]) == Approx(x[c] - x[pixel]).margin(1e-12));
            sum += y[c];
        }
        CHECK(sum == Approx(1).epsilon(1e-14));
    }
}

TEST_CASE("softmax of one channel is 1, and nothing moves it") {
    network net{input_of<double, 1>{}, softmax{}};
    const std::vector<double> x{3, -1e4}, dy{1, 2};
    std::vector<double> y(2), dx(2, 9.0);
    workspace room;
    net.forward_training(x.data(), y.data(), 2, room);
    net.backward(x.data(), y.data(), dy.data(), dx.data(), 2, room);
    CHECK(y == std::vector<double>{1, 1});
    CHECK(dx == std::vector<double>{0, 0});
}

TEST_CASE("softmax of large logits is finite and right") {
    const std::vector<float> one{0, 1, 0, 0, 0, 0, 0, 0};
    CHECK(applied<float>(softmax{}, {-1e4f, 1e4f, 0, 0, 0, 0, 0, 0}) == one);
    CHECK(applied<float>(softmax{}, std::vector<float>(8, 1e4f)) == std::vector<float>(8, 0.125f));
    CHECK(applied<double>(softmax{}, std::vector<double>(8, -1e4)) == std::vector<double>(8, 0.125));
}

TEST_CASE("softmax with a NaN among its inputs is NaN") {
    for (const std::size_t at : {0u, 3u, 7u}) {
        std::vector<float> x(8, 1.f);
        x[at] = NAN;
        for (const float y : applied<float>(softmax{}, x)) CHECK(std::isnan(y));
    }
}
