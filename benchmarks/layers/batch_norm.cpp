// Batch normalisation over the maps of the eight models, and with relu in its store or in a pass of its own.

#include <cmath>

#include "layers/layers.hpp"
#include "support/xtensor.hpp"

using namespace strata;

namespace {

void normalise_xtensor(const bench::array& x, const bench::array& y, strata::index rows,
                       strata::index channels) {
    const auto from = view<float, 2>(x->data(), {rows, channels});
    auto to = view<float, 2>(y->data(), {rows, channels});
    const tensor<float, 1> mean = xt::mean(from, {0});
    const tensor<float, 1> variance = xt::mean(xt::square(from - mean), {0});
    xt::noalias(to) = (from - mean) / xt::sqrt(variance + 1e-3f);
}

void normalise_reference(const bench::array& x, const bench::array& y, strata::index rows,
                         strata::index channels) {
    for (strata::index c = 0; c < channels; ++c) {
        double mean = 0, variance = 0;
        for (strata::index row = 0; row < rows; ++row) mean += static_cast<double>((*x)[row * channels + c]);
        mean /= static_cast<double>(rows);
        for (strata::index row = 0; row < rows; ++row) {
            const double distance = static_cast<double>((*x)[row * channels + c]) - mean;
            variance += distance * distance;
        }
        const double factor = 1 / std::sqrt(variance / static_cast<double>(rows) + 1e-3);
        for (strata::index row = 0; row < rows; ++row)
            (*y)[row * channels + c] =
                static_cast<float>((static_cast<double>((*x)[row * channels + c]) - mean) * factor);
    }
}

template <std::size_t I> void add_layer(std::vector<bench::subject>& to) {
    static constexpr auto& c = bench::batch_norms[I];
    const double map = sizeof(float) * c.size();
    constexpr shape in{c.image, c.image, c.channels};
    const std::string name(c.name);
    to.push_back({name, "fwd", c.batch, 0, 2 * map, [=] {
                      constexpr strata::index rows = c.batch * c.image * c.image;
                      std::vector ways{
                          way_of<in>(direction::forward, bench::automatic, batch_norm<>{}, c.batch)};
                      const auto x = bench::numbers(rows * c.channels), y = bench::zeros(rows * c.channels);
                      if (c.size() < 1e6) {
                          ways.push_back({"xtensor", [=] { normalise_xtensor(x, y, rows, c.channels); }});
                          ways.push_back({"reference", [=] { normalise_reference(x, y, rows, c.channels); }});
                      }
                      return ways;
                  }});
    // what oneDNN calls it: the gradients of scale and offset come with that of the input
    to.push_back({name, "bwd_data", c.batch, 0, 3 * map, [=] {
                      return std::vector{
                          way_of<in>(direction::backward, bench::automatic, batch_norm<>{}, c.batch)};
                  }});
    if constexpr (c.name == "M4.bn2" || c.name == "M7.bn1" || c.name == "M8.bn5")
        add_fused<in>(to, name + "+relu", c.batch, 0, 2 * map, batch_norm<>{});
}

} // namespace

void add_batch_norms(std::vector<bench::subject>& to) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (add_layer<I>(to), ...);
    }
    (std::make_index_sequence<std::size(bench::batch_norms)>{});
}
