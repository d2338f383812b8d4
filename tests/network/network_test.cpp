#include <strata/layers/batch_norm.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/relu.hpp>
#include <strata/network/network.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

using namespace strata;

namespace {

using small = network<input_of<double, 3>, dense<4>, relu, dense<2>>;
using normed = network<input_of<double, 3>, dense<4>, batch_norm<>, relu, dense<2>>;

template <class Network> std::vector<double> run(const Network& net, const std::vector<double>& x) {
    workspace room;
    const auto batch = static_cast<strata::index>(x.size()) / Network::input_size;
    std::vector<double> y(static_cast<std::size_t>(batch * Network::output_size));
    net.forward(x.data(), y.data(), batch, room);
    return y;
}

const std::vector<double> samples{1, 2, 3, -1, 0, 0.5};

/// Every view looks into the flat buffers of its own network, and computing goes through them.
void check_whole(normed& net) {
    for (auto& v : net.values()) v = 0.25;
    CHECK(net.layer<0>().weight.value(2, 3) == 0.25);
    CHECK(net.layer<1>().offset.value(3) == 0.25);
    net.layer<0>().weight.value(2, 3) = 7;
    net.layer<3>().bias.value(1) = 9;
    net.layer<3>().bias.gradient(1) = 11;
    net.layer<1>().running_mean.value(2) = 13;
    const auto at = [&](std::string_view name) {
        for (const auto& p : net.parameter_table)
            if (std::string_view(p.name) == name) return static_cast<std::size_t>(p.offset);
        throw std::logic_error("no such parameter");
    };
    CHECK(net.values()[at("0.weight") + 2 * 4 + 3] == 7);
    CHECK(net.values()[at("3.bias") + 1] == 9);
    CHECK(net.gradients()[at("3.bias") + 1] == 11);
    CHECK(net.state()[at("1.running_mean") + 2] == 13);
    const auto before = run(net, samples);
    net.values()[at("3.bias")] += 1;
    const auto after = run(net, samples);
    CHECK(after[0] == before[0] + 1);
    CHECK(after[1] == before[1]);
}

/// The parameters of one are those of the other, the numbers in different places.
void check_equal(const normed& a, const normed& b) {
    CHECK(std::equal(a.values().begin(), a.values().end(), b.values().begin(), b.values().end()));
    CHECK(std::equal(a.state().begin(), a.state().end(), b.state().begin(), b.state().end()));
    CHECK(a.values().data() != b.values().data());
    CHECK(run(a, samples) == run(b, samples));
}

normed random_network(std::uint64_t seed) {
    normed net;
    testing::randomise(net, seed);
    return net;
}

} // namespace

TEST_CASE("a network knows its shapes, parameters and work while it compiles") {
    constexpr conv five{.filters = 6, .kernel = 5, .stride = 2, .padding = same};
    using net = network<input<28, 28, 1>, conv2d<five>, relu, max_pool2d<pool{.size = 2}>, flatten,
                        dense<10, no_bias>, batch_norm<>>;
    static_assert(net::layer_count == 6);
    static_assert(net::input_shape == shape{28, 28, 1});
    static_assert(net::output_shape == shape{1, 1, 10});
    static_assert(net::input_size == 784 && net::output_size == 10);
    static_assert(net::layers_type::shapes[1] == shape{14, 14, 6});
    static_assert(net::layers_type::shapes[3] == shape{7, 7, 6});
    static_assert(net::parameter_count == (25 + 1) * 6 + 294 * 10 + 20); // running statistics do not count
    static_assert(net::multiply_adds == 14 * 14 * 25 * 6 + 2940);
    static_assert(net::memory({.batch = 1, .training = true}) > net::memory({.batch = 1}));
    static_assert(net::memory({.batch = 64, .training = true}) > 60 * 14 * 14 * 6 * 4);
    static_assert(std::is_same_v<net::value_type, float>);
    static_assert(std::is_same_v<small::value_type, double>);
    static_assert(std::is_same_v<decltype(network{input<3>{}, dense<2>{}}), network<input<3>, dense<2>>>);
    SUCCEED();
}

TEST_CASE("a named network and one made of values are the same") {
    network net{input_of<double, 3>{}, dense<4>{}, relu{}, dense<2>{}};
    const small named;
    static_assert(std::is_same_v<decltype(net), small>);
    CHECK(std::equal(net.values().begin(), net.values().end(), named.values().begin()));
}

TEST_CASE("a network can be copied") {
    normed original = random_network(3);
    normed copy{original};
    network deduced{original}; // a copy as well, not a network of a network
    static_assert(std::is_same_v<decltype(deduced), normed>);
    check_equal(original, copy);
    check_equal(original, deduced);
    const normed before = original;
    check_whole(copy);
    check_equal(original, before); // writing to a copy changes only the copy
    check_whole(deduced);
    check_whole(original);
}

TEST_CASE("a network can be assigned") {
    const normed original = random_network(3);
    normed target = random_network(4);
    target = original;
    check_equal(original, target);
    check_whole(target);

    target = original;
    normed& self = target;
    target = self;
    check_equal(original, target);
    check_whole(target);
}

TEST_CASE("a network can be moved") {
    const normed original = random_network(3);
    normed source = original;
    const double* const place = source.values().data();
    normed moved{std::move(source)};
    CHECK(moved.values().data() == place); // nothing is copied
    check_equal(original, moved);
    check_whole(moved);

    normed target = random_network(4), other = original;
    target = std::move(other);
    check_equal(original, target);
    check_whole(target);

    target = original;
    normed& self = target;
    target = std::move(self);
    check_equal(original, target);
    check_whole(target);

    normed a = random_network(5), b = original;
    std::swap(a, b);
    check_equal(original, a);
    check_whole(a);
    check_whole(b);

    std::vector<normed> several; // grows, and moves what is in it
    for (std::uint64_t i = 0; i < 5; ++i) several.push_back(random_network(3 + i));
    check_equal(several[0], original);
    for (auto& net : several) check_whole(net);
}

TEST_CASE("a moved network goes on with the training step that it has begun") {
    normed net = random_network(3), twin = net;
    const std::vector<double> dy{1, 2, 3, 4};
    std::vector<double> y(4);
    workspace room, twins;
    net.forward_training(samples.data(), y.data(), 2, room);
    normed moved = std::move(net);
    moved.backward(samples.data(), y.data(), dy.data(), nullptr, 2, room);
    twin.forward_training(samples.data(), y.data(), 2, twins);
    twin.backward(samples.data(), y.data(), dy.data(), nullptr, 2, twins);
    CHECK(std::equal(moved.gradients().begin(), moved.gradients().end(), twin.gradients().begin()));
}

TEST_CASE("a network's options are those of its layers, also in a copy") {
    network net{input_of<double, 3>{}, dense<4>{.weight_init = constant{0.5f}, .bias_init = constant{2}}};
    CHECK(net.values()[0] == 0.5);
    auto copy = net;
    for (auto& v : copy.values()) v = 0;
    copy.initialise(1);
    CHECK(std::equal(net.values().begin(), net.values().end(), copy.values().begin()));
    CHECK(copy.layer<0>().bias.value(3) == 2);
}

TEST_CASE("backward must follow the training forward of the same network and batch") {
    small net, other;
    const std::vector<double> x(12), dy(8);
    std::vector<double> y(8);
    workspace room;
    const auto backward = [&](small& n, strata::index batch) -> std::string {
        try {
            n.backward(x.data(), y.data(), dy.data(), nullptr, batch, room);
        } catch (const argument_error& e) { return e.what(); }
        return "";
    };
    CHECK(backward(net, 2) == "network: backward of 2 samples before any forward");
    net.forward(x.data(), y.data(), 2, room);
    CHECK(backward(net, 2) == "network: backward of 2 samples behind an inference forward of 2");
    net.forward_training(x.data(), y.data(), 3, room);
    CHECK(backward(net, 2) == "network: backward of 2 samples behind a training forward of 3");
    CHECK(backward(other, 3)
          == "network: backward of 3 samples behind the forward of another network in this workspace");
    CHECK(backward(net, 3) == "");
    CHECK(backward(net, 3)
          == "network: a second backward of 3 samples behind one forward, whose memory the first has written "
             "over");
    net.forward_training(x.data(), y.data(), 2, room);
    CHECK(backward(net, 2) == "");
    other.forward_training(x.data(), y.data(), 2, room);
    CHECK(backward(net, 2) != "");
    CHECK(backward(other, 2) == "");
}

TEST_CASE("a forward of no samples is refused") {
    small net;
    std::vector<double> x(3), y(2);
    workspace room;
    CHECK_THROWS_WITH(net.forward(x.data(), y.data(), 0, room),
                      "network: a batch needs at least 1 sample, not 0");
    CHECK_THROWS_WITH(net.forward_training(x.data(), y.data(), -1, room),
                      "network: a batch needs at least 1 sample, not -1");
}

TEST_CASE("a layer's views work in xtensor expressions") {
    small net;
    net.layer<0>().weight.value *= 0;
    net.layer<0>().weight.value += tensor<double, 1>{1, 2, 3, 4};
    CHECK(net.layer<0>().weight.value(2, 1) == 2);
    net.layer<2>().bias.value.fill(5);
    const auto y = net.predict(tensor<double, 2>{{0, 0, 0}});
    CHECK(y == tensor<double, 2>{{5, 5}});
    static_assert(std::is_same_v<decltype(std::as_const(net).layer<0>().weight.value(0, 0)), const double&>);
}
