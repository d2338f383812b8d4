#pragma once

#include <strata/core/parallel.hpp>
#include <strata/layers/identity.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/network/network.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace strata::testing {

/// What a layer promises beside the laws that hold for all.
struct laws {
    bool batch_statistics = false;    ///< in training a sample's output depends on its batch
    bool differs_in_training = false; ///< batch norm, dropout
    index batch = 3;
    gradient_options gradients{};
};

namespace detail {

template <class T> std::vector<T> as(const std::vector<double>& values) {
    return std::vector<T>(values.begin(), values.end());
}

template <class T> void check_close(const std::vector<T>& a, const std::vector<T>& b, double tolerance) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        INFO("element " << i << ": " << a[i] << " and " << b[i]);
        REQUIRE(std::abs(static_cast<double>(a[i] - b[i]))
                <= tolerance * (1 + std::abs(static_cast<double>(b[i]))));
    }
}

/// Output, input gradient and parameter gradients of one training step.
template <class Network> struct outcome {
    using T = typename Network::value_type;
    std::vector<T> y, dx, gradients;

    outcome(Network& net, const std::vector<T>& x, const std::vector<T>& dy, index batch) {
        workspace room;
        const random_source random{3, 0, 9};
        y.resize(dy.size());
        dx.resize(x.size());
        net.forward_training(x.data(), y.data(), batch, room, random);
        net.backward(x.data(), y.data(), dy.data(), dx.data(), batch, room, random);
        gradients.assign(net.gradients().begin(), net.gradients().end());
    }
};

template <class Network>
std::vector<typename Network::value_type>
infer(const Network& net, const std::vector<typename Network::value_type>& x, index batch) {
    workspace room;
    std::vector<typename Network::value_type> y(static_cast<std::size_t>(batch * Network::output_size));
    net.forward(x.data(), y.data(), batch, room);
    return y;
}

} // namespace detail

/// What every layer must obey, in one line of a test: layer_laws<5, 7, 3>(conv2d<...>{}).
///
/// Gradients agree with central differences; a batch of N equals N batches of one; inference equals training;
/// a fused activation equals one that is not; the bits do not depend on the number of threads; float agrees
/// with double; a layer may run inside a sequence and behind another; a smaller batch in a used workspace
/// changes nothing.
template <index H, index W, index C, layer_spec Spec>
void layer_laws(const Spec& spec, const laws& law = {}) {
    using input_type = input_of<double, H, W, C>;
    network net{input_type{}, spec};
    using net_type = decltype(net);
    constexpr index in = net_type::input_size, out = net_type::output_size;
    const index n = law.batch;

    for (const index batch : {law.batch_statistics ? index{2} : index{1}, law.batch}) {
        auto options = law.gradients;
        options.batch = batch;
        check_gradients(net, options);
    }

    const auto x = random_values(n * in, 11, law.gradients.low, law.gradients.high);
    const auto dy = random_values(n * out, 12, 0.2, 1.2);
    const auto inferred = detail::infer(net, x, n);
    const auto part = [](const std::vector<double>& all, index i, index size) {
        return std::vector<double>(all.begin() + i * size, all.begin() + (i + 1) * size);
    };

    { // a batch of N in inference equals N batches of one, in a workspace that has seen a larger one
        workspace room;
        std::vector<double> again(inferred.size());
        net.forward(x.data(), again.data(), n, room);
        CHECK(again == inferred);
        for (index i = 0; i < n; ++i) {
            std::vector<double> y(static_cast<std::size_t>(out));
            net.forward(x.data() + i * in, y.data(), 1, room);
            detail::check_close(y, part(inferred, i, out), 1e-12);
        }
    }

    const auto state = std::vector<double>(net.state().begin(), net.state().end());
    const detail::outcome<net_type> whole(net, x, dy, n);
    if (!law.differs_in_training) detail::check_close(whole.y, inferred, 1e-12);
    if (!law.batch_statistics && !law.differs_in_training) {
        std::vector<double> sum(whole.gradients.size());
        for (index i = 0; i < n; ++i) {
            const detail::outcome<net_type> one(net, part(x, i, in), part(dy, i, out), 1);
            detail::check_close(one.dx, part(whole.dx, i, in), 1e-12);
            for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += one.gradients[k];
        }
        detail::check_close(sum, whole.gradients, 1e-11);
    }

    { // an activation behind the layer, computed in its store or not; another layer in front; inside a
      // sequence
        network fused{input_type{}, identity{}, spec, relu{}};
        network apart{input_type{}, sequence{identity{}}, spec, identity{}, relu{}};
        network nested{input_type{}, sequence{spec, relu{}}};
        const auto same_start = [&](auto& other) {
            std::copy(net.values().begin(), net.values().end(), other.values().begin());
            std::copy(state.begin(), state.end(), other.state().begin());
        };
        same_start(fused);
        same_start(apart);
        same_start(nested);
        CHECK(detail::infer(fused, x, n) == detail::infer(apart, x, n));
        CHECK(detail::infer(fused, x, n) == detail::infer(nested, x, n));
        if (!law.differs_in_training || law.batch_statistics) {
            const detail::outcome<decltype(fused)> a(fused, x, dy, n);
            const detail::outcome<decltype(apart)> b(apart, x, dy, n);
            const detail::outcome<decltype(nested)> c(nested, x, dy, n);
            CHECK(a.y == b.y);
            CHECK(a.dx == b.dx);
            CHECK(a.gradients == b.gradients);
            CHECK(a.y == c.y);
            CHECK(a.dx == c.dx);
            CHECK(a.gradients == c.gradients);
        }
    }

    { // the same bits for any number of threads
        const int before = threads();
        for (const int count : {1, 2, 3}) {
            threads(count);
            std::copy(state.begin(), state.end(), net.state().begin());
            const detail::outcome<net_type> again(net, x, dy, n);
            CHECK(again.y == whole.y);
            CHECK(again.dx == whole.dx);
            CHECK(again.gradients == whole.gradients);
        }
        threads(before);
    }

    { // float agrees with double
        network single{input_of<float, H, W, C>{}, spec};
        // the flat buffers differ in their padding, so parameter by parameter
        for (std::size_t i = 0; i < net.parameter_table.size(); ++i) {
            const auto &from = net.parameter_table[i], &to = single.parameter_table[i];
            auto values = is_trainable(from.kind) ? net.values() : net.state();
            auto target = is_trainable(from.kind) ? single.values() : single.state();
            for (index k = 0; k < from.sizes.size(); ++k)
                target[static_cast<std::size_t>(to.offset + k)] = static_cast<float>(
                    is_trainable(from.kind) ? values[static_cast<std::size_t>(from.offset + k)]
                                            : state[static_cast<std::size_t>(from.offset + k)]);
        }
        const auto y = detail::infer(single, detail::as<float>(x), n);
        detail::check_close(detail::as<double>(std::vector<double>(y.begin(), y.end())), inferred, 2e-5);
    }
}

} // namespace strata::testing
