#include <strata/layers/average_pool2d.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/layers/sigmoid.hpp>
#include <strata/layers/softmax.hpp>
#include <strata/layers/tanh.hpp>
#include <strata/network/network.hpp>
#include <strata/network/parameters.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

using namespace strata;

namespace {

template <class Network> std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& p : Network::parameter_table) all.emplace_back(std::string_view(p.name));
    return all;
}

using branch = sequence<dense<6, no_bias>, batch_norm<>, relu>;
using nested = network<input<6>, dense<7>, relu, sequence<dense<6>, residual<branch>>, dropout, dense<3>>;

/// Largest weight of a parameter. Glorot's uniform numbers end at sqrt(6 / (in + out)), He's normal ones,
/// with a deviation of sqrt(2 / in), go well beyond that where there are many.
template <class Network> double largest(std::string_view name) {
    const Network net;
    for (const auto& p : Network::parameter_table)
        if (std::string_view(p.name) == name) {
            double most = 0;
            for (strata::index i = 0; i < p.sizes.size(); ++i)
                most = std::max(most, std::abs(static_cast<double>(
                                          net.values()[static_cast<std::size_t>(p.offset + i)])));
            return most;
        }
    throw std::logic_error("no parameter " + std::string(name));
}

/// The initialiser of a 50 x 50 layer's weights: glorot's limit is 0.245, he's deviation 0.2.
template <class Network> std::string initialiser_of(std::string_view name) {
    const double most = largest<Network>(name);
    if (most == 0) return "zero";
    return most <= std::sqrt(6.0 / 100) ? "glorot" : most > 0.55 && most < 1.2 ? "he" : "neither";
}
template <class... Specs> std::string first_of() {
    return initialiser_of<network<input_of<double, 50>, dense<50>, Specs...>>("0.weight");
}

} // namespace

TEST_CASE("parameters are named by the way to them") {
    CHECK(names<nested>()
          == std::vector<std::string>{"0.weight", "0.bias", "2.0.weight", "2.0.bias", "2.1.branch.0.weight",
                                      "2.1.branch.1.scale", "2.1.branch.1.offset",
                                      "2.1.branch.1.running_mean", "2.1.branch.1.running_variance",
                                      "2.1.branch.1.updates", "4.weight", "4.bias"});
    static_assert(std::string_view(nested::parameter_table[4].name) == "2.1.branch.0.weight");
}

TEST_CASE("layers from the eleventh on have names of two digits") {
    using net = network<input<2>, relu, relu, relu, relu, relu, relu, relu, relu, relu, relu, dense<1>>;
    CHECK(names<net>() == std::vector<std::string>{"10.weight", "10.bias"});
}

TEST_CASE("parameters lie one behind the other at aligned places, state apart from what is trained") {
    strata::index trained = 0, state = 0;
    for (const auto& p : nested::parameter_table) {
        strata::index& end = is_trainable(p.kind) ? trained : state;
        INFO(std::string_view(p.name));
        CHECK(p.offset * 4 % alignment == 0);
        CHECK(p.offset >= end);
        CHECK(p.offset - end < alignment / 4);
        end = p.offset + p.sizes.size();
    }
    const nested net;
    CHECK(reinterpret_cast<std::uintptr_t>(net.values().data()) % static_cast<std::uintptr_t>(alignment)
          == 0);
    CHECK(static_cast<strata::index>(net.values().size()) == (trained + 15) / 16 * 16);
    CHECK(static_cast<strata::index>(net.state().size()) == (state + 15) / 16 * 16);
    CHECK(net.gradients().size() == net.values().size());

    strata::index counted = 0;
    for (const auto& s : nested::spans()) {
        CHECK(is_trainable(s.what));
        counted += s.size;
    }
    CHECK(counted == nested::parameter_count);
    CHECK(nested::spans().size() == 9);
    CHECK(nested::spans()[0].what == kind::weight);
    CHECK(nested::spans()[1].what == kind::bias);
    CHECK(nested::spans()[5].what == kind::scale);
    CHECK(nested::spans()[6].what == kind::offset);
}

TEST_CASE("a network without parameters has empty arrays") {
    network<input<4>, relu, dropout> net;
    CHECK(net.parameter_count == 0);
    CHECK(net.values().empty());
    CHECK(net.state().empty());
    CHECK(net.spans().empty());
    net.initialise(3);
    auto copy = net;
    const auto y = copy.predict(tensor<float, 2>{{1, -1, 2, -2}});
    CHECK(y == tensor<float, 2>{{1, 0, 2, 0}});
}

TEST_CASE("initialise is a function of the seed") {
    nested a, b;
    CHECK(std::equal(a.values().begin(), a.values().end(), b.values().begin()));
    testing::randomise(a, 1);
    a.initialise(5);
    b.initialise(6);
    CHECK_FALSE(std::equal(a.values().begin(), a.values().end(), b.values().begin()));
    b.initialise(5);
    CHECK(std::equal(a.values().begin(), a.values().end(), b.values().begin()));
    CHECK(std::equal(a.state().begin(), a.state().end(), b.state().begin()));
    const int before = threads();
    threads(3);
    nested c;
    c.initialise(5);
    threads(before);
    CHECK(std::equal(a.values().begin(), a.values().end(), c.values().begin()));
}

TEST_CASE("initialise starts state and scales over, and leaves nothing between parameters") {
    nested net;
    testing::randomise(net, 1);
    net.initialise(5);
    auto& norm = net.layer<2>().get<1>().branch.get<1>();
    for (std::size_t c = 0; c < 6; ++c) {
        CHECK(norm.running_mean.value(c) == 0);
        CHECK(norm.running_variance.value(c) == 1);
        CHECK(norm.scale.value(c) == 1);
        CHECK(norm.offset.value(c) == 0);
    }
    auto rest = std::vector<float>(net.values().begin(), net.values().end());
    for (const auto& s : net.spans()) std::fill_n(rest.begin() + s.begin, s.size, 0.f);
    CHECK(rest == std::vector<float>(rest.size()));
}

TEST_CASE("no two layers begin with the same weights") {
    network<input<6>, dense<6>, dense<6>, sequence<dense<6>, residual<dense<6>>>> net;
    std::vector<std::vector<float>> all;
    for (const auto& p : net.parameter_table)
        if (p.kind == kind::weight)
            all.emplace_back(net.values().begin() + p.offset, net.values().begin() + p.offset + 36);
    REQUIRE(all.size() == 4);
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t k = 0; k < i; ++k) CHECK(all[i] != all[k]);
}

TEST_CASE("automatic draws as He for a layer that feeds a rectifier, as Glorot otherwise") {
    CHECK(first_of<>() == "glorot");
    CHECK(first_of<relu>() == "he");
    CHECK(first_of<gelu>() == "he");
    CHECK(first_of<sigmoid>() == "glorot");
    CHECK(first_of<strata::tanh>() == "glorot");
    CHECK(first_of<softmax>() == "glorot");
    CHECK(first_of<softmax, relu>() == "glorot");
    CHECK(first_of<dense<50>, relu>() == "glorot"); // the next layer's relu is not its own
    CHECK(first_of<batch_norm<>, relu>() == "he");
    CHECK(first_of<dropout, batch_norm<>, flatten, relu>() == "he");
    CHECK(first_of<dropout>() == "glorot");
    CHECK(first_of<sequence<batch_norm<>, relu>>() == "he");
    CHECK(first_of<sequence<dropout>, sequence<dropout, sequence<relu>>>() == "he");
    CHECK(first_of<sequence<dropout>, sequence<sigmoid>, relu>() == "glorot");
    CHECK(first_of<sequence<dense<50>, relu>>() == "glorot");
}

TEST_CASE("automatic looks beyond the end of a sequence and through pooling") {
    using in = input_of<double, 50>;
    using tail = network<in, sequence<relu, dense<50>>, batch_norm<>, relu>;
    CHECK(initialiser_of<tail>("0.1.weight") == "he");
    using block = network<in, residual<sequence<dense<50>, relu, dense<50>>, dense<50>>, relu>;
    CHECK(initialiser_of<block>("0.branch.0.weight") == "he");
    CHECK(initialiser_of<block>("0.branch.2.weight") == "he");
    CHECK(initialiser_of<block>("0.shortcut.weight") == "he");
    using open = network<in, residual<sequence<dense<50>, relu, dense<50>>, dense<50>>>;
    CHECK(initialiser_of<open>("0.branch.0.weight") == "he");
    CHECK(initialiser_of<open>("0.branch.2.weight") == "glorot");
    CHECK(initialiser_of<open>("0.shortcut.weight") == "glorot");

    // a 1 x 1 kernel makes a convolution's fans those of a dense layer
    using pointwise50 = conv2d<conv{.filters = 50, .kernel = 1}>;
    using image = input_of<double, 2, 2, 50>;
    CHECK(initialiser_of<network<image, pointwise50, max_pool2d<pool{.size = 2}>, relu>>("0.weight") == "he");
    CHECK(initialiser_of<network<image, pointwise50, average_pool2d<pool{.size = 2}>, flatten, relu>>(
              "0.weight")
          == "he");
    CHECK(initialiser_of<network<image, pointwise50, max_pool2d<pool{.size = 2}>, strata::tanh>>("0.weight")
          == "glorot");
}

TEST_CASE("an initialiser that is given is used whatever follows") {
    const network net{input_of<double, 3>{}, dense<5>{.weight_init = constant{0.5f}}, relu{}};
    for (std::size_t i = 0; i < 15; ++i) CHECK(net.values()[i] == 0.5);
}
