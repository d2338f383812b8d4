// Every pass of the convolutions of the eight models, and of shapes that nothing was tuned for, by every
// algorithm.

#include <strata/core/parallel.hpp>
#include <strata/kernels/conv2d.hpp>

#include <algorithm>
#include <sstream>
#include <string>

#include "kernels/kernels.hpp"
#include "support/arrays.hpp"
#include "support/models.hpp"

using strata::conv2d_algorithm;
using strata::conv2d_algorithms;
using strata::conv2d_sizes;

namespace {

enum class pass { forward, backward_data, backward_weights };

/// What can be forced. A new algorithm is a line here.
struct algorithm {
    const char* name;
    conv2d_algorithm which;
    bool (*can)(pass, const conv2d_sizes&) = [](pass, const conv2d_sizes&) { return true; };
    double most_flop = 1e300; ///< more would take too long
};

const algorithm algorithms[] = {
    {"direct", conv2d_algorithm::direct,
     [](pass p, const conv2d_sizes& s) { return p != pass::backward_data || strata::conv2d_direct_can(s); }},
    {"product", conv2d_algorithm::product, [](pass, const conv2d_sizes& s) { return s.is_product(); }},
    {"winograd2", conv2d_algorithm::winograd2,
     [](pass, const conv2d_sizes& s) { return strata::winograd_can(s); }},
    {"winograd4", conv2d_algorithm::winograd4,
     [](pass, const conv2d_sizes& s) { return strata::winograd_can(s); }},
    {"im2col", conv2d_algorithm::gemm},
    {.name = "reference", .which = conv2d_algorithm::reference, .most_flop = 1e8},
};

/// The arrays that all algorithms share.
struct layer {
    conv2d_sizes sizes;
    bench::array x, w, bias, y, dx, dw, db;

    explicit layer(const conv2d_sizes& s)
        : sizes(s),
          x(bench::numbers(s.batch * s.inputs())),
          w(bench::numbers(s.weights())),
          bias(bench::numbers(s.filters)),
          y(bench::numbers(s.batch * s.outputs())),
          dx(bench::zeros(s.batch * s.inputs())),
          dw(bench::zeros(s.weights())),
          db(bench::zeros(s.filters)) {}
};

bench::way way_of(const char* name, const layer& l, pass which, const conv2d_algorithms& by) {
    const int threads = strata::threads();
    const auto memory = std::make_shared<strata::buffer<std::byte>>(
        strata::conv2d_scratch<float>(l.sizes, threads, true, by));
    if (which == pass::forward)
        return {name, [=] {
                    strata::conv2d_forward(l.y->data(), l.x->data(), l.w->data(), l.bias->data(), l.sizes,
                                           threads, memory->data(), strata::no_activation{}, by);
                }};
    if (which == pass::backward_data)
        return {name, [=] {
                    strata::conv2d_backward_data(l.dx->data(), l.y->data(), l.w->data(), l.sizes, threads,
                                                 memory->data(), l.x->data(), strata::no_activation{}, by);
                }};
    return {name, [=] {
                strata::conv2d_backward_weights(l.dw->data(), l.db->data(), l.x->data(), l.y->data(), l.sizes,
                                                threads, memory->data(), by);
            }};
}

std::vector<bench::way> ways(const conv2d_sizes& sizes, pass which, double flop) {
    const layer l(sizes);
    std::vector found{way_of(bench::automatic, l, which, conv2d_algorithms::of(sizes))};
    for (const algorithm& a : algorithms)
        if (flop <= a.most_flop && a.can(which, sizes))
            found.push_back(way_of(a.name, l, which, conv2d_algorithms::all(a.which)));
    return found;
}

void add(std::vector<bench::subject>& to, const std::string& name, const bench::conv_case& c) {
    const strata::window geometry =
        strata::window::from({c.image, c.image, c.channels}, c.kernel, c.stride, c.dilation,
                             strata::padding(c.before, c.after, c.before, c.after));
    const conv2d_sizes sizes{geometry, c.channels, c.filters, c.batch};
    const auto one = [&](const char* what, pass which) {
        to.push_back({name, what, c.batch, c.flop(), 0, [=] { return ways(sizes, which, c.flop()); }});
    };
    one("fwd", pass::forward);
    if (!c.first) one("bwd_data", pass::backward_data);
    one("bwd_weights", pass::backward_weights);
}

/// Shapes that belong to no model, with "same" padding.
struct untuned {
    int batch, channels, image, filters, kernel, stride = 1, dilation = 1;

    bench::conv_case shape() const {
        const int out = (image + stride - 1) / stride;
        const int all = std::max(0, (out - 1) * stride + dilation * (kernel - 1) + 1 - image);
        return {"", batch, channels, image, filters, kernel, stride, all / 2, all - all / 2, false, dilation};
    }
    /// held-out/ batch x image x channels - filters k kernel, s stride, d dilation.
    std::string name() const {
        std::ostringstream text;
        text << "held-out/" << batch << 'x' << image << 'x' << channels << '-' << filters << 'k' << kernel;
        if (stride > 1) text << 's' << stride;
        if (dilation > 1) text << 'd' << dilation;
        return text.str();
    }
};

constexpr untuned held_out[] = {
    {1, 1, 27, 5, 5},      {1, 3, 45, 33, 7, 2}, {1, 50, 27, 50, 3},       {1, 96, 13, 96, 3},
    {2, 5, 31, 17, 3},     {2, 33, 45, 33, 3},   {2, 96, 7, 50, 1},        {7, 7, 13, 7, 3},
    {7, 17, 31, 33, 5, 2}, {7, 50, 13, 96, 3},   {7, 33, 27, 17, 3, 1, 2}, {64, 1, 31, 17, 5},
    {64, 5, 27, 50, 3, 2}, {64, 17, 13, 17, 3},  {64, 33, 13, 50, 3},      {64, 50, 7, 96, 3},
    {64, 96, 7, 96, 3},    {64, 17, 27, 96, 1},  {64, 33, 27, 33, 4, 3},   {512, 1, 27, 7, 3},
    {512, 7, 13, 17, 5},   {512, 33, 7, 33, 3},  {512, 96, 7, 17, 3, 2},
};

} // namespace

void add_convolutions(std::vector<bench::subject>& to) {
    for (const auto& c : bench::convolutions) add(to, std::string(c.name), c);
    for (const auto& c : held_out) add(to, c.name(), c.shape());
}
