// Dense layers, both passes; with relu in the store or in a pass of its own.

#include <xtensor-blas/xblas.hpp>

#include "layers/layers.hpp"
#include "support/xtensor.hpp"

using namespace strata;

namespace {

void dense_xtensor(const bench::array& x, const bench::array& w, const bench::array& b, const bench::array& y,
                   strata::index batch, strata::index features, strata::index units) {
    const auto from = view<float, 2>(x->data(), {batch, features});
    const auto weight = view<float, 2>(w->data(), {features, units});
    const auto bias = view<float, 1>(b->data(), {units});
    auto to = view<float, 2>(y->data(), {batch, units});
    xt::blas::gemm(from, weight, to);
    to += bias;
}

void dense_reference(const bench::array& x, const bench::array& w, const bench::array& b,
                     const bench::array& y, strata::index batch, strata::index features,
                     strata::index units) {
    for (strata::index n = 0; n < batch; ++n)
        for (strata::index u = 0; u < units; ++u) {
            float sum = (*b)[u];
            for (strata::index f = 0; f < features; ++f) sum += (*x)[n * features + f] * (*w)[f * units + u];
            (*y)[n * units + u] = sum;
        }
}

/// Layer number I of the table; behind it, both gradients are one pass.
template <std::size_t I> void add_layer(std::vector<bench::subject>& to) {
    static constexpr auto& c = bench::denses[I];
    constexpr shape in{1, 1, c.features};
    const std::string name = std::string("dense/").append(c.name);
    for (const auto which : {direction::forward, direction::backward}) {
        const bool back = which == direction::backward;
        to.push_back({name, back ? "bwd" : "fwd", c.batch, back ? 2 * c.flop() : c.flop(), 0, [=] {
                          std::vector ways{way_of<in>(which, bench::automatic, dense<c.units>{}, c.batch)};
                          if (back) return ways;
                          const auto x = bench::numbers(c.batch * c.features),
                                     w = bench::numbers(c.features * c.units), b = bench::numbers(c.units),
                                     y = bench::zeros(c.batch * c.units);
                          ways.push_back(
                              {"xtensor", [=] { dense_xtensor(x, w, b, y, c.batch, c.features, c.units); }});
                          if (c.flop() < 1e8)
                              ways.push_back({"reference", [=] {
                                                  dense_reference(x, w, b, y, c.batch, c.features, c.units);
                                              }});
                          return ways;
                      }});
    }
    add_fused<in>(to, name + "+relu", c.batch, c.flop(), 0, dense<c.units>{});
}

} // namespace

void add_dense_layers(std::vector<bench::subject>& to) {
    add_layer<0>(to);  // M1.fc1
    add_layer<3>(to);  // M2.fc2
    add_layer<12>(to); // M6.fc1
    add_layer<14>(to); // M7.fc1
}
