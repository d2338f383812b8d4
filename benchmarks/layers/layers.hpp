#pragma once

#include <strata/strata.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/arrays.hpp"
#include "support/comparison.hpp"
#include "support/models.hpp"

// What there is to measure; one file each.
void add_convolutions(std::vector<bench::subject>&);
void add_dense_layers(std::vector<bench::subject>&);
void add_batch_norms(std::vector<bench::subject>&);
void add_pools(std::vector<bench::subject>&);
void add_others(std::vector<bench::subject>&);

/// A network of a layer or two that runs by itself: a pass forward, and a pass back behind it.
template <class Network> class runnable {
public:
    runnable(Network net, strata::index batch)
        : runnable(std::move(net), batch, bench::numbers(batch * Network::input_size),
                   bench::zeros(batch * Network::input_size)) {}
    /// Behind another one: reads its output, writes its dy.
    template <class Before>
    runnable(Network net, strata::index batch, const runnable<Before>& before)
        : runnable(std::move(net), batch, before.y, before.dy) {}

    void forward() { m_net.forward_training(x->data(), y->data(), m_batch, m_room); }
    void backward() { m_net.backward(x->data(), y->data(), dy->data(), dx->data(), m_batch, m_room); }

    bench::array x, dx, y, dy;

private:
    Network m_net;
    strata::index m_batch;
    strata::workspace m_room{};

    runnable(Network net, strata::index batch, bench::array from, bench::array gradient)
        : x(std::move(from)),
          dx(std::move(gradient)),
          y(bench::zeros(batch * Network::output_size)),
          dy(bench::numbers(batch * Network::output_size)),
          m_net(std::move(net)),
          m_batch(batch) {}
};

/// The two passes of a layer.
enum class direction { forward, backward };

constexpr const char* name_of(direction which) {
    return which == direction::forward ? "fwd" : "bwd";
}

/// A layer as a network runs it.
template <class Network>
bench::way way_of(direction which, const char* variant, Network net, strata::index batch) {
    const auto layer = std::make_shared<runnable<Network>>(std::move(net), batch);
    layer->forward();
    if (which == direction::forward) return {variant, [=] { layer->forward(); }};
    return {variant, [=] { layer->backward(); }};
}

/// Two layers, one after the other, each with its own pass over memory.
template <class First, class Second>
bench::way unfused_way(direction which, First first, Second second, strata::index batch) {
    const auto a = std::make_shared<runnable<First>>(std::move(first), batch);
    const auto b = std::make_shared<runnable<Second>>(std::move(second), batch, *a);
    a->forward();
    b->forward();
    if (which == direction::forward)
        return {"unfused", [=] {
                    a->forward();
                    b->forward();
                }};
    return {"unfused", [=] {
                b->backward();
                a->backward();
            }};
}

/// The networks of a layer, of a layer with relu behind it, and of the relu alone.
template <class Input, class... Layers> auto with_relu(Input input, Layers... layers) {
    const auto relu_alone = [] {
        constexpr strata::shape out = strata::network<Input, Layers...>::output_shape;
        if constexpr (out.is_flat())
            return strata::network{strata::input<out.channels>{}, strata::relu{}};
        else
            return strata::network{strata::input<out.height, out.width, out.channels>{}, strata::relu{}};
    }();
    return std::tuple{strata::network{input, layers...}, strata::network{input, layers..., strata::relu{}},
                      relu_alone};
}

/// Both passes of a layer with relu behind it: as a network runs it, and one after the other.
template <class Networks>
void add_fused(std::vector<bench::subject>& to, const std::string& name, int batch, double flop, double bytes,
               const Networks& make) {
    for (const direction which : {direction::forward, direction::backward})
        to.push_back({name, name_of(which), batch, which == direction::forward ? flop : 2 * flop, bytes, [=] {
                          const auto [alone, both, relu] = make();
                          return std::vector{way_of(which, bench::automatic, both, batch),
                                             unfused_way(which, alone, relu, batch)};
                      }});
}
