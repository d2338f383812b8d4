#pragma once

#include <strata/network/network.hpp>

#include <algorithm>
#include <vector>

namespace strata::testing {

/// What a layer that works element by element makes of up to eight numbers in inference.
template <class T, layer_spec Spec> std::vector<T> applied(const Spec& spec, std::vector<T> x) {
    const auto count = x.size();
    x.resize(8);
    const network net{input_of<T, 8>{}, spec};
    std::vector<T> y(8);
    workspace room;
    net.forward(x.data(), y.data(), 1, room);
    y.resize(count);
    return y;
}

/// The gradient that reaches each of up to eight inputs from dy = 1.
template <class T, layer_spec Spec> std::vector<T> slopes(const Spec& spec, std::vector<T> x) {
    const auto count = x.size();
    x.resize(8);
    network net{input_of<T, 8>{}, spec};
    std::vector<T> y(8), dy(8, T(1)), dx(8);
    workspace room;
    net.forward_training(x.data(), y.data(), 1, room);
    net.backward(x.data(), y.data(), dy.data(), dx.data(), 1, room);
    dx.resize(count);
    return dx;
}

} // namespace strata::testing
