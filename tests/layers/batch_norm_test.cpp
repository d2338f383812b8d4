#include <strata/layers/batch_norm.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>

#include <cmath>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

namespace {

constexpr testing::laws own_laws{.batch_statistics = true, .differs_in_training = true, .batch = 5};

template <class Network> void train_on(Network& net, const std::vector<double>& x) {
    workspace room;
    const strata::index batch = static_cast<strata::index>(x.size()) / Network::input_size;
    std::vector<double> y(static_cast<std::size_t>(batch * Network::output_size));
    net.forward_training(x.data(), y.data(), batch, room);
}

} // namespace

TEST_CASE("batch_norm obeys the laws of a layer") {
    testing::layer_laws<1, 1, 6>(batch_norm<>{}, own_laws);
    testing::layer_laws<3, 4, 3>(batch_norm<>{.epsilon = 1e-5f}, own_laws);
    testing::layer_laws<3, 2, 17>(batch_norm<>{}, own_laws);
}

TEST_CASE("batch_norm obeys the laws without scale or offset") {
    testing::layer_laws<3, 4, 3>(batch_norm<norm{.scale = false}>{}, own_laws);
    testing::layer_laws<3, 4, 3>(batch_norm<norm{.offset = false}>{}, own_laws);
}

TEST_CASE("batch_norm without scale and offset has state only, and a gradient") {
    network net{input_of<double, 2, 2, 3>{}, batch_norm<norm{.scale = false, .offset = false}>{}};
    static_assert(decltype(net)::parameter_count == 0);
    CHECK(net.parameter_table.size() == 3);
    testing::check_gradients(net, {.batch = 3});
}

TEST_CASE("batch_norm has its scale and offset in the table when they are on") {
    using both = decltype(network{input<4>{}, batch_norm<>{}});
    using offset = decltype(network{input<4>{}, batch_norm<norm{.scale = false}>{}});
    STATIC_REQUIRE(both::parameter_count == 8);
    STATIC_REQUIRE(offset::parameter_count == 4);
    STATIC_REQUIRE(offset::parameter_table.size() == 4);
    CHECK(std::string_view(offset::parameter_table[0].name) == "0.offset");
    CHECK(both::parameter_table[0].kind == kind::scale);
    CHECK(both::parameter_table[1].kind == kind::offset);
}

TEST_CASE("batch_norm gradients flow through dense and convolution") {
    network flat{input_of<double, 5>{}, dense<4>{}, batch_norm<>{}, dense<3>{}};
    testing::check_gradients(flat, {.batch = 6});
    network image{input_of<double, 5, 4, 2>{}, conv2d<conv{.filters = 3, .bias = false}>{}, batch_norm<>{}};
    testing::check_gradients(image, {.batch = 3});
}

TEST_CASE("batch_norm: training normalises the batch, each channel over samples and pixels") {
    network net{input_of<double, 2, 1, 2>{}, batch_norm<>{.epsilon = 0}};
    const std::vector<double> x{1, 10, 2, 20, 3, 30, 6, 40};
    std::vector<double> y(8);
    workspace room;
    net.forward_training(x.data(), y.data(), 2, room);
    const double deviation = std::sqrt((4 + 1 + 0 + 9) / 4.0);
    for (std::size_t i = 0; i < 8; i += 2) CHECK(y[i] == Approx((x[i] - 3) / deviation));
    for (std::size_t i = 1; i < 8; i += 2) CHECK(y[i] == Approx((x[i] - 25) / std::sqrt(125.0)));
}

TEST_CASE("batch_norm: running statistics move by momentum, towards the unbiased variance") {
    network net{input_of<double, 1>{}, batch_norm<>{.momentum = 0.75f}};
    const auto& bn = net.layer<0>();
    CHECK(bn.running_mean.value(0) == 0);
    CHECK(bn.running_variance.value(0) == 1);
    train_on(net, {1, 2, 3, 6}); // mean 3, squares 14, unbiased variance 14 / 3
    CHECK(bn.running_mean.value(0) == Approx(0.25 * 3));
    CHECK(bn.running_variance.value(0) == Approx(0.75 + 0.25 * 14 / 3));
    train_on(net, {0, 4}); // mean 2, unbiased variance 8
    CHECK(bn.running_mean.value(0) == Approx(0.75 * 0.75 + 0.25 * 2));
    CHECK(bn.running_variance.value(0) == Approx(0.75 * (0.75 + 0.25 * 14 / 3) + 0.25 * 8));
    CHECK(bn.updates.value(0) == 2);
}

TEST_CASE("batch_norm: num_updates is fast at first, as TensorFlow's moving average") {
    network net{input_of<double, 1>{},
                batch_norm<>{.momentum = 0.999f, .average = running_average::num_updates}};
    double expected = 0;
    for (int t = 0; t < 3; ++t) {
        train_on(net, {5.0 + t, 7.0 + t});
        const double decay = std::min(0.999, (1.0 + t) / (10.0 + t));
        expected = decay * expected + (1 - decay) * (6 + t);
        CHECK(net.layer<0>().running_mean.value(0) == Approx(expected));
    }
    const batch_norm<> late{.momentum = 0.5f, .average = running_average::num_updates};
    CHECK(late.step(8) == Approx(0.5));
    CHECK(late.step(1e6) == Approx(0.5));
}

TEST_CASE("batch_norm: a zero-debiased average is the mean of what was seen, weighted by age") {
    network net{input_of<double, 1>{},
                batch_norm<>{.momentum = 0.9f, .average = running_average::zero_debiased}};
    const auto& bn = net.layer<0>();
    double biased_mean = 0, biased_variance = 0; // TensorFlow's: averages from 0, divided by 1 - decay^t
    const double decay = static_cast<double>(0.9f);
    for (int t = 1; t <= 4; ++t) {
        train_on(net, {4.0 * t, 4.0 * t + 2}); // unbiased variance 2
        biased_mean = decay * biased_mean + (1 - decay) * (4 * t + 1);
        biased_variance = decay * biased_variance + (1 - decay) * 2;
        CHECK(bn.running_mean.value(0) == Approx(biased_mean / (1 - std::pow(decay, t))));
        CHECK(bn.running_variance.value(0) == Approx(biased_variance / (1 - std::pow(decay, t))));
    }
    CHECK(batch_norm<>{.momentum = 1, .average = running_average::zero_debiased}.step(3) == 0);
}

TEST_CASE("batch_norm: inference uses running statistics, a batch of one too, and changes nothing") {
    network net{input_of<double, 2>{}, batch_norm<>{.epsilon = 0.5f}};
    auto& bn = net.layer<0>();
    bn.running_mean.value = tensor<double, 1>{1, -2};
    bn.running_variance.value = tensor<double, 1>{3.5, 8.5};
    bn.scale.value = tensor<double, 1>{1, 2};
    bn.offset.value = tensor<double, 1>{10, 20};
    const auto y = net.predict(tensor<double, 2>{{5, 1}});
    CHECK(y(0, 0) == Approx(12));
    CHECK(y(0, 1) == Approx(22));
    CHECK(bn.updates.value(0) == 0);
    CHECK(bn.running_mean.value(0) == 1);
}

TEST_CASE("batch_norm: a training batch of a single number is normalised to its offset") {
    network net{input_of<double, 1>{}, batch_norm<>{.momentum = 0.5f}};
    net.layer<0>().offset.value = tensor<double, 1>{3};
    const std::vector<double> x{7}, dy{1};
    std::vector<double> y(1), dx(1);
    workspace room;
    net.forward_training(x.data(), y.data(), 1, room);
    net.backward(x.data(), y.data(), dy.data(), dx.data(), 1, room);
    CHECK(y[0] == 3);
    CHECK(dx[0] == 0);
    CHECK(net.layer<0>().running_mean.value(0) == 3.5);
    CHECK(net.layer<0>().running_variance.value(0) == 0.5);
}
