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
    to = xt::maximum(to + bias, 0.f);
}

void dense_reference(const bench::array& x, const bench::array& w, const bench::array& b,
                     const bench::array& y, strata::index batch, strata::index features,
                     strata::index units) {
    for (strata::index n = 0; n < batch; ++n)
        for (strata::index u = 0; u < units; ++u) {
            float sum = (*b)[u];
            for (strata::index f = 0; f < features; ++f) sum += (*x)[n * features + f] * (*w)[f * units + u];
            (*y)[n * units + u] = sum > 0 ? sum : 0;
        }
}

/// Layer number I of the table; behind it, both gradients are one pass.
template <std::size_t I> void add_layer(std::vector<bench::subject>& to) {
    static constexpr auto& c = bench::denses[I];
    const auto make = [] { return with_relu(input<c.features>{}, dense<c.units>{}); };
    const std::string name = std::string("dense/").append(c.name);
    to.push_back({name, "fwd", c.batch, c.flop(), 0, [=] {
                      return std::vector{
                          way_of(direction::forward, bench::automatic, std::get<0>(make()), c.batch)};
                  }});
    to.push_back({name, "bwd", c.batch, 2 * c.flop(), 0, [=] {
                      return std::vector{
                          way_of(direction::backward, bench::automatic, std::get<0>(make()), c.batch)};
                  }});
    to.push_back(
        {name + "+relu", "fwd", c.batch, c.flop(), 0, [=] {
             const auto [alone, both, rectifier] = make();
             std::vector ways{way_of(direction::forward, bench::automatic, both, c.batch),
                              unfused_way(direction::forward, alone, rectifier, c.batch)};
             const auto x = bench::numbers(c.batch * c.features), w = bench::numbers(c.features * c.units),
                        b = bench::numbers(c.units), y = bench::zeros(c.batch * c.units);
             ways.push_back({"xtensor", [=] { dense_xtensor(x, w, b, y, c.batch, c.features, c.units); }});
             if (c.flop() < 1e8)
                 ways.push_back(
                     {"reference", [=] { dense_reference(x, w, b, y, c.batch, c.features, c.units); }});
             return ways;
         }});
}

} // namespace

void add_dense_layers(std::vector<bench::subject>& to) {
    add_layer<0>(to);  // M1.fc1
    add_layer<3>(to);  // M2.fc2
    add_layer<12>(to); // M6.fc1
    add_layer<14>(to); // M7.fc1
}
