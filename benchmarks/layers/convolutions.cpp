// Convolutions with relu in their store or in a pass of its own; a convolution as xtensor expressions.

#include "layers/layers.hpp"
#include "support/xtensor.hpp"

using namespace strata;

namespace {

/// Tap by tap: y += the pixels that the tap sees, times its weights. Stride 1, no padding.
void convolve_xtensor(const bench::array& x, const bench::array& w, const bench::array& y,
                      const bench::conv_case& c) {
    const strata::index n = c.batch, in = c.image, out = c.out_image(), k = c.kernel;
    auto images = view<float, 4>(x->data(), {n, in, in, c.channels});
    auto weights = view<float, 4>(w->data(), {k, k, c.channels, c.filters});
    auto result = view<float, 4>(y->data(), {n, out, out, c.filters});
    result.fill(0);
    for (strata::index ky = 0; ky < k; ++ky)
        for (strata::index kx = 0; kx < k; ++kx)
            for (strata::index channel = 0; channel < c.channels; ++channel) {
                const auto seen = xt::view(images, xt::all(), xt::range(ky, ky + out),
                                           xt::range(kx, kx + out), xt::range(channel, channel + 1));
                const auto factors = xt::view(weights, ky, kx, channel, xt::all());
                result += seen * factors;
            }
}

} // namespace

void add_convolutions(std::vector<bench::subject>& to) {
    static constexpr auto &m3 = bench::convolutions[0], &m6 = bench::convolutions[7],
                          &m7 = bench::convolutions[9], &m8 = bench::convolutions[13];
    static_assert(m3.name == "M3.c1" && m6.name == "M6.c1" && m7.name == "M7.c2" && m8.name == "M8.c2");
    add_fused<shape{28, 28, 1}>(to, "M3.c1+relu", m3.batch, m3.flop(), 0,
                                conv2d<conv{.filters = 6, .kernel = 6, .padding = same}>{});
    add_fused<shape{32, 32, 3}>(to, "M6.c1+relu", m6.batch, m6.flop(), 0,
                                conv2d<conv{.filters = 32, .kernel = 7}>{});
    add_fused<shape{32, 32, 64}>(to, "M7.c2+relu", m7.batch, m7.flop(), 0,
                                 conv2d<conv{.filters = 32, .kernel = 5, .stride = 2, .padding = same}>{});
    add_fused<shape{32, 32, 64}>(to, "M8.c2+relu", m8.batch, m8.flop(), 0,
                                 conv2d<conv{.filters = 64, .padding = same}>{});

    static constexpr bench::conv_case small{"5x5-8", 16, 1, 28, 8, 5, 1, 0, 0};
    to.push_back({"small/conv", "fwd", small.batch, small.flop(), 0, [] {
                      const strata::index pixels = small.out_image() * small.out_image();
                      const auto x = bench::numbers(small.batch * 28 * 28), w = bench::numbers(5 * 5 * 8),
                                 y = bench::zeros(small.batch * pixels * 8);
                      return std::vector{way_of<shape{28, 28, 1}>(direction::forward, bench::automatic,
                                                                  conv2d<conv{.filters = 8, .kernel = 5}>{},
                                                                  small.batch),
                                         bench::way{"xtensor", [=] { convolve_xtensor(x, w, y, small); }}};
                  }});
}
