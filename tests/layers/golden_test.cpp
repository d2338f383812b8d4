#include <strata/layers/average_pool2d.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/concatenate.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/elu.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/global_average_pool.hpp>
#include <strata/layers/global_max_pool.hpp>
#include <strata/layers/leaky_relu.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/maxout.hpp>
#include <strata/layers/prelu.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/layers/sigmoid.hpp>
#include <strata/layers/softmax.hpp>
#include <strata/layers/tanh.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/optim/update.hpp>

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/golden.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// Where a parameter of this name lies in the flat buffers.
template <class Network>
std::span<double> part_of(Network&, std::span<double> flat, const std::string& name) {
    for (const auto& p : Network::parameter_table)
        if (std::string_view(p.name) == name)
            return flat.subspan(static_cast<std::size_t>(p.offset), static_cast<std::size_t>(p.sizes.size()));
    FAIL("the network has no parameter " << name);
    return {};
}

/// The parameters of the golden case become the network's; every one of them must be there.
template <class Network> void take_values(Network& net, const json& values) {
    CHECK(values.size() == Network::spans().size());
    for (const auto& [name, array] : values.items()) {
        const auto given = numbers(array);
        const auto place = part_of(net, net.values(), name);
        REQUIRE(place.size() == given.size());
        std::copy(given.begin(), given.end(), place.begin());
    }
}

/// Holds forward and backward, in training mode, against the golden case of this name; gradients are
/// poisoned first.
template <class Network> void check_golden(Network& net, const std::string& name, double tolerance = 1e-12) {
    CAPTURE(name);
    const json& c = golden("layers.json").at(name);
    const auto batch = c.at("batch").get<strata::index>();
    const auto x = numbers(c.at("x")), dy = numbers(c.at("dy"));
    REQUIRE(static_cast<strata::index>(x.size()) == batch * Network::input_size);
    REQUIRE(static_cast<strata::index>(dy.size()) == batch * Network::output_size);
    take_values(net, c.at("values"));

    constexpr double poison = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> y(dy.size(), poison), dx(x.size(), poison);
    for (const auto& s : Network::spans()) std::fill_n(net.gradients().begin() + s.begin, s.size, poison);
    workspace room;
    if (c.contains("before"))
        for (const auto& earlier : c.at("before"))
            net.forward_training(numbers(earlier).data(), y.data(), batch, room);
    net.forward_training(x.data(), y.data(), batch, room);
    check_close(y, c.at("y"), tolerance);
    net.backward(x.data(), y.data(), dy.data(), dx.data(), batch, room);
    check_close(dx, c.at("dx"), tolerance);
    for (const auto& [parameter, gradient] : c.at("gradients").items()) {
        CAPTURE(parameter);
        check_close(part_of(net, net.gradients(), parameter), gradient, tolerance);
    }
}

/// The same for a single layer, on an input of this shape.
template <strata::index... Sizes, class Spec> void check_layer(const std::string& name, Spec spec) {
    network net{input_of<double, Sizes...>{}, spec};
    check_golden(net, name);
}

} // namespace

TEST_CASE("dense equals PyTorch's") {
    check_layer<7>("dense", dense<5>{});
}

TEST_CASE("conv2d equals PyTorch's") {
    check_layer<5, 6, 3>("conv2d valid", conv2d<conv{.filters = 4, .kernel = 3}>{});
    check_layer<7, 6, 2>("conv2d same even kernel",
                         conv2d<conv{.filters = 3, .kernel = 4, .padding = same}>{});
    check_layer<8, 7, 2>("conv2d same stride 2",
                         conv2d<conv{.filters = 3, .kernel = 5, .stride = 2, .padding = same}>{});
    check_layer<6, 7, 2>(
        "conv2d rectangular",
        conv2d<conv{.filters = 3, .kernel = {2, 3}, .stride = {1, 2}, .padding = {1, 0, 2, 1}}>{});
    check_layer<9, 8, 2>("conv2d dilated",
                         conv2d<conv{.filters = 3, .kernel = 3, .dilation = 2, .padding = 1}>{});
    check_layer<7, 8, 1>("conv2d same dilated",
                         conv2d<conv{.filters = 2, .kernel = 3, .dilation = 2, .padding = same}>{});
    check_layer<5, 5, 4>("conv2d pointwise stride 2", conv2d<conv{.filters = 3, .kernel = 1, .stride = 2}>{});
}

TEST_CASE("pooling equals PyTorch's, and TensorFlow's average") {
    check_layer<4, 6, 3>("max_pool2d 2", max_pool2d<>{});
    check_layer<6, 5, 2>("max_pool2d overlapping", max_pool2d<pool{.size = 3, .stride = 2, .padding = 1}>{});
    check_layer<6, 5, 2>("max_pool2d same",
                         max_pool2d<pool{.size = {3, 2}, .stride = {2, 1}, .padding = same}>{});
    check_layer<4, 6, 3>("average_pool2d 2", average_pool2d<>{});
    check_layer<6, 5, 2>("average_pool2d overlapping",
                         average_pool2d<pool{.size = 3, .stride = 2, .padding = 1}>{});
    check_layer<6, 5, 2>("average_pool2d same",
                         average_pool2d<pool{.size = {3, 2}, .stride = {2, 1}, .padding = same}>{});
    check_layer<4, 3, 5>("global_average_pool", global_average_pool{});
    check_layer<4, 3, 5>("global_max_pool", global_max_pool{});
}

TEST_CASE("activations equal PyTorch's") {
    check_layer<11>("relu", relu{});
    check_layer<11>("leaky_relu", leaky_relu{.negative_slope = 0.125f});
    check_layer<11>("elu", elu{.alpha = 0.75f});
    check_layer<11>("gelu", gelu{});
    check_layer<11>("sigmoid", sigmoid{});
    check_layer<11>("tanh", strata::tanh{});
    check_layer<11>("softmax", softmax{});
    check_layer<4, 3, 6>("maxout", maxout<3>{});
    check_layer<4, 3, 5>("prelu", prelu<>{});
    check_layer<4, 3, 5>("prelu shared", prelu<shared_slope>{});
}

namespace {

template <strata::index... Sizes> void check_batch_norm(const std::string& name) {
    const json& c = golden("layers.json").at(name);
    // PyTorch's momentum is the batch's part, strata's the part that is kept
    network net{input_of<double, Sizes...>{}, batch_norm<>{.momentum = 1 - c.at("momentum").get<float>(),
                                                           .epsilon = c.at("epsilon").get<float>()}};
    check_golden(net, name);
    check_close(part_of(net, net.state(), "0.running_mean"), c.at("running_mean"));
    check_close(part_of(net, net.state(), "0.running_variance"), c.at("running_variance"));
    const auto x = numbers(c.at("inference_x"));
    std::vector<double> y(x.size());
    workspace room;
    net.forward(x.data(), y.data(), c.at("batch").get<strata::index>(), room);
    check_close(y, c.at("inference_y"));
}

} // namespace

TEST_CASE("batch_norm equals PyTorch's: training, running statistics after three batches, inference") {
    check_batch_norm<4>("batch_norm flat");
    check_batch_norm<3, 4, 2>("batch_norm image");
}

TEST_CASE("a residual net equals PyTorch's, with an identity and a projected shortcut") {
    constexpr conv three{.filters = 4, .kernel = 3, .padding = same};
    network net{input_of<double, 6, 6, 3>{},
                conv2d<three>{},
                relu{},
                residual{sequence{conv2d<conv{.filters = 4, .kernel = 3, .padding = same, .bias = false}>{},
                                  batch_norm<>{.epsilon = 0x1p-10f}, relu{}, conv2d<three>{}}},
                relu{},
                residual{sequence{conv2d<conv{.filters = 5, .kernel = 3, .stride = 2, .padding = same}>{},
                                  relu{}, conv2d<conv{.filters = 5, .kernel = 3, .padding = same}>{}},
                         conv2d<conv{.filters = 5, .kernel = 1, .stride = 2}>{}},
                global_average_pool{},
                dense<3>{}};
    check_golden(net, "residual net");
}

TEST_CASE("a net of joined branches equals PyTorch's: DenseNet's connection and GoogLeNet's module") {
    constexpr conv five{.filters = 5, .kernel = 3, .padding = same};
    constexpr conv four{.filters = 4, .kernel = 3, .padding = same};
    network net{input_of<double, 6, 5, 3>{},
                conv2d<four>{},
                concatenate{identity{}, sequence{batch_norm<>{.epsilon = 0x1p-10f}, relu{}, conv2d<five>{}}},
                concatenate{conv2d<conv{.filters = 2, .kernel = 1}>{},
                            sequence{max_pool2d<pool{.size = 3, .stride = 1, .padding = 1}>{},
                                     conv2d<conv{.filters = 3, .kernel = 1}>{}},
                            sequence{prelu<>{}, conv2d<four>{}, relu{}}},
                relu{},
                global_max_pool{},
                dense<3>{}};
    check_golden(net, "joined net");
}

TEST_CASE("a convolutional net equals PyTorch's, and learns as it does") {
    network net{input_of<double, 8, 9, 1>{},
                conv2d<conv{.filters = 3, .kernel = 3, .padding = same}>{},
                relu{},
                conv2d<conv{.filters = 4, .kernel = 4, .stride = 2, .padding = same}>{},
                strata::tanh{},
                max_pool2d<>{},
                flatten{},
                dense<6>{},
                gelu{},
                dense<3>{}};
    check_golden(net, "convnet");

    const json& c = golden("layers.json").at("convnet");
    const auto x = numbers(c.at("x")), losses = numbers(c.at("losses"));
    const auto labels = numbers<label>(c.at("labels"));
    const auto batch = c.at("batch").get<strata::index>();
    std::vector<double> y(static_cast<std::size_t>(batch * 3)), dy(y.size()), sums(net.values().size());
    double* const slots[] = {sums.data()};
    const auto spans = net.spans();
    workspace room;
    for (std::size_t step = 0; step < losses.size(); ++step) {
        CAPTURE(step);
        net.forward_training(x.data(), y.data(), batch, room);
        const double loss =
            softmax_cross_entropy{}(y.data(), std::span<const label>(labels), dy.data(), batch, 3);
        CHECK(loss == Approx(losses[step]).epsilon(1e-12));
        net.backward(x.data(), y.data(), dy.data(), nullptr, batch, room);
        update(sgd{.learning_rate = 0.1, .momentum = 0.9},
               update_buffers<double>{net.values().data(), net.gradients().data(), slots, spans},
               {.step = static_cast<strata::index>(step)});
    }
    for (const auto& [parameter, values] : c.at("trained").items()) {
        CAPTURE(parameter);
        check_close(part_of(net, net.values(), parameter), values);
    }
}
