// Pooling: 2x2 max-pooling of the eight models, overlapping and average pooling, the global average.

#include <algorithm>

#include "layers/layers.hpp"
#include "support/xtensor.hpp"

using namespace strata;

namespace {

void max_pool_xtensor(const bench::array& x, const bench::array& y, strata::index batch, strata::index image,
                      strata::index channels) {
    const auto from = view<float, 4>(x->data(), {batch, image, image, channels});
    auto to = view<float, 4>(y->data(), {batch, image / 2, image / 2, channels});
    const auto corner = [&](strata::index row, strata::index column) {
        return xt::view(from, xt::all(), xt::range(row, image, 2), xt::range(column, image, 2), xt::all());
    };
    const auto a = corner(0, 0), b = corner(0, 1), c = corner(1, 0), d = corner(1, 1);
    xt::noalias(to) = xt::maximum(xt::maximum(a, b), xt::maximum(c, d));
}

void max_pool_reference(const bench::array& x, const bench::array& y, strata::index batch,
                        strata::index image, strata::index channels) {
    const strata::index out = image / 2;
    for (strata::index n = 0; n < batch; ++n)
        for (strata::index oy = 0; oy < out; ++oy)
            for (strata::index ox = 0; ox < out; ++ox)
                for (strata::index c = 0; c < channels; ++c) {
                    const float* const corner =
                        x->data() + ((n * image + 2 * oy) * image + 2 * ox) * channels + c;
                    (*y)[((n * out + oy) * out + ox) * channels + c] =
                        std::max(std::max(corner[0], corner[channels]),
                                 std::max(corner[image * channels], corner[(image + 1) * channels]));
                }
}

/// Both passes of a layer; every element of input and output once is what they must move.
template <shape In, class Spec>
void add_both(std::vector<bench::subject>& to, const std::string& name, int batch, Spec spec) {
    constexpr strata::index sizes = In.size() + Spec::output(In).size();
    const double bytes = static_cast<double>(sizeof(float)) * batch * static_cast<double>(sizes);
    for (const auto which : {direction::forward, direction::backward})
        to.push_back({name, which == direction::forward ? "fwd" : "bwd_data", batch, 0, bytes,
                      [=] { return std::vector{way_of<In>(which, bench::automatic, spec, batch)}; }});
}

template <std::size_t I> void add_layer(std::vector<bench::subject>& to) {
    static constexpr auto& c = bench::max_pools[I];
    add_both<shape{c.image, c.image, c.channels}>(to, std::string(c.name), c.batch, max_pool2d<>{});
    auto& forward = to[to.size() - 2];
    forward.ways = [before = forward.ways] {
        auto ways = before();
        constexpr auto size = static_cast<strata::index>(c.size());
        const auto x = bench::numbers(size), y = bench::zeros(size / 4);
        ways.push_back({"xtensor", [=] { max_pool_xtensor(x, y, c.batch, c.image, c.channels); }});
        ways.push_back({"reference", [=] { max_pool_reference(x, y, c.batch, c.image, c.channels); }});
        return ways;
    };
}

} // namespace

void add_pools(std::vector<bench::subject>& to) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (add_layer<I>(to), ...);
    }
    (std::make_index_sequence<std::size(bench::max_pools)>{});
    add_both<shape{32, 32, 64}>(to, "max_pool/3x3s2-32x32x64", 64,
                                max_pool2d<pool{.size = 3, .stride = 2, .padding = same}>{});
    add_both<shape{27, 27, 5}>(to, "max_pool/2x2-27x27x5", 64, max_pool2d<>{});
    add_both<shape{32, 32, 64}>(to, "average_pool/2x2-32x32x64", 64, average_pool2d<>{});
    add_both<shape{4, 4, 32}>(to, "global_average/M7", 64, global_average_pool{});
    add_both<shape{32, 32, 64}>(to, "global_average/32x32x64", 64, global_average_pool{});
}
