#pragma once

#include <strata/core/parallel.hpp>
#include <strata/layers/identity.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/network/network.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "support/runnable.hpp"

namespace strata::testing {

/// What a layer promises beside the laws that hold for all.
struct laws {
    bool batch_statistics = false;    ///< in training a sample's output depends on its batch
    bool differs_in_training = false; ///< batch norm, dropout
    index batch = 3;
    gradient_options gradients{};
    double single = 2e-5; ///< how far float may be from double, against 1 + |value|
};

namespace detail {

template <class To, class From> std::vector<To> as(const From& values) {
    std::vector<To> converted(values.size());
    std::transform(values.begin(), values.end(), converted.begin(),
                   [](const auto& v) { return static_cast<To>(v); });
    return converted;
}

inline void check_close(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        INFO("element " << i << ": " << a[i] << " and " << b[i]);
        REQUIRE(std::abs(a[i] - b[i]) <= tolerance * (1 + std::abs(b[i])));
    }
}

/// A workspace of exactly the bytes that a run asks for, filled with bytes that are NaN as numbers, with a
/// guard behind that must not change.
template <class T> class poisoned_workspace {
public:
    workspace room;

    poisoned_workspace(const runnable<T>& net, const extent& e)
        : m_memory_size(e.training ? net.memory(e) : 0), m_scratch_size(net.scratch(e)) {
        m_pass = room.room(e, m_memory_size, m_scratch_size + guard); // scratch memory lies behind the other
        std::fill_n(m_pass.memory, m_memory_size, poison);
        poison_scratch();
    }
    void poison_scratch() { std::fill_n(m_pass.scratch, m_scratch_size + guard, poison); }
    bool guards_hold() const {
        const std::byte* const end = m_pass.scratch + m_scratch_size;
        return std::all_of(end, end + guard, [](std::byte b) { return b == poison; });
    }

private:
    static constexpr index guard = 256;
    static constexpr std::byte poison{0xFF};
    index m_memory_size, m_scratch_size;
    pass m_pass;
};

/// Output, input gradient and parameter gradients of one training step, in poisoned memory.
template <class T> struct outcome {
    std::vector<T> y, dx, gradients;

    outcome(runnable<T>& net, const std::vector<T>& x, const std::vector<T>& dy, index batch)
        : y(static_cast<std::size_t>(batch * net.output_size), T(NAN)), dx(x.size(), T(NAN)) {
        const random_source random{3, 0, 9};
        poisoned_workspace<T> memory(net, {batch, threads(), true});
        for (const auto& p : net.parameters)
            if (is_trainable(p.kind)) std::fill_n(net.gradients.begin() + p.offset, p.sizes.size(), T(NAN));
        net.forward_training(x.data(), y.data(), batch, memory.room, random);
        memory.poison_scratch();
        const auto output = y;
        net.backward(x.data(), y.data(), dy.data(), dx.data(), batch, memory.room, random);
        CHECK(memory.guards_hold());
        CHECK(y == output);
        gradients.assign(net.gradients.begin(), net.gradients.end());

        const auto once = dx; // a second step, in memory that the first has written over
        const std::vector<T> state(net.state.begin(), net.state.end());
        net.forward_training(x.data(), y.data(), batch, memory.room, random);
        std::copy(state.begin(), state.end(), net.state.begin());
        CHECK(y == output);
        memory.poison_scratch();
        net.backward(x.data(), y.data(), dy.data(), dx.data(), batch, memory.room, random);
        CHECK(dx == once);
        CHECK(std::equal(gradients.begin(), gradients.end(), net.gradients.begin()));
    }
    bool operator==(const outcome&) const = default;
};

template <class T> std::vector<T> infer(const runnable<T>& net, const std::vector<T>& x, index batch) {
    poisoned_workspace<T> memory(net, {batch, threads(), false});
    std::vector<T> y(static_cast<std::size_t>(batch * net.output_size), T(NAN));
    net.forward(x.data(), y.data(), batch, memory.room);
    CHECK(memory.guards_hold());
    return y;
}

/// A layer in the networks that its laws compare.
struct law_networks {
    runnable<double>&alone, &fused, &apart;
    runnable<float>& single;
};

inline void check_laws(const law_networks& nets, const laws& law) {
    auto& net = nets.alone;
    const index in = net.input_size, out = net.output_size, n = law.batch;

    for (const index batch : {law.batch_statistics ? index{2} : index{1}, n}) {
        auto options = law.gradients;
        options.batch = batch;
        check_gradients(net, options);
    }

    const auto x = random_values(n * in, 11, law.gradients.low, law.gradients.high);
    const auto dy = random_values(n * out, 12, 0.2, 1.2);
    const auto state = as<double>(net.state);
    const auto restore = [&state](runnable<double>& other) {
        std::copy(state.begin(), state.end(), other.state.begin());
    };
    const auto inferred = infer(net, x, n);
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
            check_close(y, part(inferred, i, out), 1e-12);
        }
    }

    const outcome<double> whole(net, x, dy, n);
    if (!law.differs_in_training) check_close(whole.y, inferred, 1e-12);
    if (!law.batch_statistics && !law.differs_in_training) {
        std::vector<double> sum(whole.gradients.size());
        for (index i = 0; i < n; ++i) {
            const outcome<double> one(net, part(x, i, in), part(dy, i, out), 1);
            check_close(one.dx, part(whole.dx, i, in), 1e-12);
            for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += one.gradients[k];
        }
        check_close(sum, whole.gradients, 1e-11);
    }

    { // an activation behind the layer, computed in its store or not; behind another layer, inside a sequence
        for (auto* other : {&nets.fused, &nets.apart}) {
            std::copy(net.values.begin(), net.values.end(), other->values.begin());
            restore(*other);
        }
        CHECK(infer(nets.fused, x, n) == infer(nets.apart, x, n));
        if (!law.differs_in_training || law.batch_statistics) {
            const outcome<double> a(nets.fused, x, dy, n), b(nets.apart, x, dy, n);
            CHECK(a.y == b.y);
            CHECK(a.dx == b.dx);
            CHECK(a.gradients == b.gradients);
        }
    }

    { // the same bits for any number of threads
        const int before = threads();
        for (const int count : {1, 2, 3}) {
            threads(count);
            restore(net);
            const outcome<double> again(net, x, dy, n);
            CHECK(again == whole);
            restore(net);
            CHECK(infer(net, x, n) == inferred);
        }
        threads(before);
    }

    { // float agrees with double
        restore(net);
        auto& single = nets.single;
        // the flat buffers differ in their padding, so parameter by parameter
        for (std::size_t i = 0; i < net.parameters.size(); ++i) {
            const auto &from = net.parameters[i], &to = single.parameters[i];
            const bool trained = is_trainable(from.kind);
            const auto values = as<float>(trained ? net.values : net.state);
            std::copy_n(values.begin() + from.offset, from.sizes.size(),
                        (trained ? single.values : single.state).begin() + to.offset);
        }
        check_close(as<double>(infer(single, as<float>(x), n)), inferred, law.single);
        const outcome<float> step(single, as<float>(x), as<float>(dy), n);
        check_close(as<double>(step.y), whole.y, law.single);
        check_close(as<double>(step.dx), whole.dx, 5 * law.single);
        for (std::size_t i = 0; i < net.parameters.size(); ++i) {
            const auto &from = net.parameters[i], &to = single.parameters[i];
            if (!is_trainable(from.kind)) continue;
            INFO("gradient of " << std::string_view(from.name) << " in float");
            const auto size = from.sizes.size();
            check_close(
                as<double>(std::span(step.gradients.data() + to.offset, static_cast<std::size_t>(size))),
                as<double>(std::span(whole.gradients.data() + from.offset, static_cast<std::size_t>(size))),
                5 * law.single);
        }
    }
}

} // namespace detail

/// What every layer must obey, in one line of a test: layer_laws<5, 7, 3>(conv2d<...>{}).
///
/// Gradients agree with central differences; a batch of N equals N batches of one; inference equals training;
/// a fused activation equals one that is not; the bits do not depend on the number of threads; float agrees
/// with double; a layer may run inside a sequence and behind another; a smaller batch in a used workspace
/// changes nothing; no layer writes beyond the memory it asked for, believes it to be zero, or changes
/// its output during backward.
template <index H, index W, index C, layer_spec Spec>
void layer_laws(const Spec& spec, const laws& law = {}) {
    using input_type = input_of<double, H, W, C>;
    network alone{input_type{}, spec};
    network fused{input_type{}, identity{}, sequence{spec, relu{}}};
    network apart{input_type{}, sequence{identity{}}, spec, identity{}, relu{}};
    network single{input_of<float, H, W, C>{}, spec};
    running<decltype(alone)> a(alone);
    running<decltype(fused)> f(fused);
    running<decltype(apart)> p(apart);
    running<decltype(single)> s(single);
    detail::check_laws({a, f, p, s}, law);
}

} // namespace strata::testing
