#pragma once

#include <strata/strata.hpp>

#include <memory>
#include <string>
#include <tuple>
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

/// One layer by itself: its passes may be called in any order and number, forward first.
template <class Spec, strata::shape In> class single {
    using bound = strata::bound<0, Spec, In, float>;
    using layer_type = typename bound::layer;

public:
    single(const Spec& spec, strata::index batch)
        : x(bench::numbers(batch * In.size())),
          dx(bench::zeros(batch * In.size())),
          y(bench::zeros(batch * Spec::output(In).size())),
          dy(bench::numbers(batch * Spec::output(In).size())),
          m_layer(bound::make(spec)) {
        const strata::extent e{batch, strata::threads(), true};
        m_memory = strata::buffer<std::byte>(strata::detail::memory<layer_type>(e));
        m_scratch = strata::buffer<std::byte>(strata::detail::scratch<layer_type>(e));
        m_pass = {e, m_memory.data(), m_scratch.data(), {}};
        if constexpr (strata::has_parameters<layer_type>)
            std::apply([&](const auto&... line) { (bind(line), ...); }, layer_type::parameters);
    }
    single(const single&) = delete;
    single& operator=(const single&) = delete;

    void forward() {
        if constexpr (requires { m_layer.forward_training(x->data(), y->data(), m_pass); })
            m_layer.forward_training(x->data(), y->data(), m_pass);
        else
            m_layer.forward(x->data(), y->data(), m_pass);
    }
    void backward() { m_layer.backward(x->data(), y->data(), dy->data(), dx->data(), m_pass); }

    bench::array x, dx, y, dy;

private:
    layer_type m_layer;
    std::vector<bench::array> m_parameters{}; ///< values and gradients, in turn
    strata::buffer<std::byte> m_memory{}, m_scratch{};
    strata::pass m_pass{};

    void bind(const auto& line) {
        m_parameters.push_back(bench::numbers(line.sizes.size()));
        m_parameters.push_back(bench::zeros(line.sizes.size()));
        (m_layer.*line.member)
            .bind(m_parameters[m_parameters.size() - 2]->data(), m_parameters.back()->data(), line.sizes);
    }
};

/// The two ways through a layer.
enum class direction { forward, backward };

/// A layer for samples of shape In.
template <strata::shape In, class Spec>
bench::way way_of(direction which, const char* variant, const Spec& spec, strata::index batch) {
    const auto layer = std::make_shared<single<Spec, In>>(spec, batch);
    layer->forward();
    if (which == direction::forward) return {variant, [=] { layer->forward(); }};
    return {variant, [=] { layer->backward(); }};
}

/// A layer with relu behind it: as a network runs the two, and one after the other, each with its own pass
/// over memory; forward, and forward and back.
template <strata::shape In, class Spec>
void add_fused(std::vector<bench::subject>& to, const std::string& name, int batch, double flop, double bytes,
               Spec spec) {
    const auto network = [=] {
        if constexpr (In.is_flat())
            return strata::network{strata::input<In.channels>{}, spec, strata::relu{}};
        else
            return strata::network{strata::input<In.height, In.width, In.channels>{}, spec, strata::relu{}};
    };
    for (const bool back : {false, true})
        to.push_back({name, back ? "fwd+bwd" : "fwd", batch, back ? 3 * flop : flop, back ? 0 : bytes, [=] {
                          struct fused {
                              decltype(network()) net;
                              strata::workspace room{};
                          };
                          const auto both = std::make_shared<fused>(fused{network()});
                          const auto a = std::make_shared<single<Spec, In>>(spec, batch);
                          const auto b =
                              std::make_shared<single<strata::relu, Spec::output(In)>>(strata::relu{}, batch);
                          b->x = a->y; // what the one writes the other reads
                          b->dx = a->dy;
                          return std::vector<bench::way>{
                              {bench::automatic,
                               [=] {
                                   both->net.forward_training(a->x->data(), b->y->data(), batch, both->room);
                                   if (back)
                                       both->net.backward(a->x->data(), b->y->data(), b->dy->data(),
                                                          a->dx->data(), batch, both->room);
                               }},
                              {"unfused", [=] {
                                   a->forward();
                                   b->forward();
                                   if (!back) return;
                                   b->backward();
                                   a->backward();
                               }}};
                      }});
}
