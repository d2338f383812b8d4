// The layers of the eight models as oneDNN primitives (version 2). Reordering is never in the time. Variants:
//
//   native     all layouts are oneDNN's choice
//   nhwc       activations are channels-last, as strata's are; the layout of the weights is oneDNN's choice
//   blocked    16 channels together: for pooling and batch normalisation, which choose no layout
//   nchw       channels first

#include <omp.h>

#include <cstring>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/models.hpp"
#include "support/report.hpp"

namespace {

using dnnl::memory;
using dims = memory::dims;
using tag = memory::format_tag;
using arguments = std::unordered_map<int, memory>;

constexpr auto type = memory::data_type::f32;

class session {
public:
    session(const bench::options& options, bench::report& report, int threads)
        : m_options(options), m_report(report), m_threads(threads) {}

    const dnnl::engine& engine() const { return m_engine; }
    bool wants(std::string_view name) const { return m_options.wants(std::string(name)); }

    /// Memory filled with small numbers of both signs.
    memory array(const memory::desc& d) const {
        memory m(d, m_engine);
        if (d.get_size() == 0) return m;
        if (d.data_type() != type) {
            std::memset(m.get_data_handle(), 0, d.get_size());
            return m;
        }
        auto* const values = static_cast<float*>(m.get_data_handle());
        unsigned state = 1;
        for (std::size_t i = 0; i < d.get_size() / sizeof(float); ++i) {
            state = state * 1664525u + 1013904223u;
            values[i] = static_cast<float>(static_cast<int>(state >> 24) - 128) / 128;
        }
        return m;
    }

    /// One call of a primitive, after a first one.
    std::function<void()> call(const dnnl::primitive& primitive, const arguments& args) {
        const auto run = [this, primitive, args] {
            primitive.execute(m_stream, args);
            m_stream.wait();
        };
        run();
        return run;
    }

    /// One pass of a layer, in several ways.
    struct way {
        std::string variant;
        std::function<void()> run;
        std::string implementation;
    };
    void time(std::string_view name, const std::string& what, int batch, const std::vector<way>& ways,
              double flop, double bytes) {
        std::vector<std::function<void()>> calls;
        for (const auto& w : ways) calls.push_back(w.run);
        if (calls.empty()) return;
        const auto times = bench::measure(calls, m_options, 2e-3);
        for (std::size_t i = 0; i < ways.size(); ++i) {
            bench::result line{std::string(name), what, batch, m_threads};
            line.time = times[i];
            line.flop = flop;
            line.bytes = bytes;
            line.variant = ways[i].variant;
            line.implementation = ways[i].implementation;
            m_report.add(line);
        }
    }

private:
    const bench::options& m_options;
    bench::report& m_report;
    int m_threads;
    dnnl::engine m_engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream m_stream{m_engine};
};

/// What `make` returns, or nothing where oneDNN has no such primitive.
template <class Make> void attempt(std::vector<session::way>& ways, const Make& make) {
    try {
        ways.push_back(make());
    } catch (const dnnl::error& problem) {
        if (problem.status != dnnl_unimplemented) throw;
    }
}

void time_convolution(session& s, const bench::conv_case& c) {
    const dims x_size{c.batch, c.channels, c.image, c.image};
    const dims w_size{c.filters, c.channels, c.kernel, c.kernel};
    const dims y_size{c.batch, c.filters, c.out_image(), c.out_image()};
    const dims stride{c.stride, c.stride}, before{c.before, c.before}, after{c.after, c.after};
    const memory::desc w(w_size, type, tag::any), b({c.filters}, type, tag::a);

    std::vector<session::way> forward, forward_relu, backward_data, backward_weights;
    for (const auto& way : {std::pair{"native", tag::any}, std::pair{"nhwc", tag::nhwc}}) {
        const char* const variant = way.first;
        const tag layout = way.second;
        const memory::desc x(x_size, type, layout), y(y_size, type, layout);
        const dnnl::convolution_forward::desc description(dnnl::prop_kind::forward_training,
                                                          dnnl::algorithm::convolution_direct, x, w, b, y,
                                                          stride, before, after);
        const dnnl::convolution_forward::primitive_desc hint(description, s.engine());
        for (const bool relu : {false, true}) {
            attempt(relu ? forward_relu : forward, [&] {
                dnnl::primitive_attr attributes;
                if (relu) {
                    dnnl::post_ops behind;
                    behind.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
                    attributes.set_post_ops(behind);
                }
                const dnnl::convolution_forward::primitive_desc p(description, attributes, s.engine());
                return session::way{
                    variant,
                    s.call(dnnl::convolution_forward(p), {{DNNL_ARG_SRC, s.array(p.src_desc())},
                                                          {DNNL_ARG_WEIGHTS, s.array(p.weights_desc())},
                                                          {DNNL_ARG_BIAS, s.array(p.bias_desc())},
                                                          {DNNL_ARG_DST, s.array(p.dst_desc())}}),
                    p.impl_info_str()};
            });
        }
        if (!c.first)
            attempt(backward_data, [&] {
                const dnnl::convolution_backward_data::primitive_desc p(
                    {dnnl::algorithm::convolution_direct, x, w, y, stride, before, after}, s.engine(), hint);
                return session::way{variant,
                                    s.call(dnnl::convolution_backward_data(p),
                                           {{DNNL_ARG_DIFF_SRC, s.array(p.diff_src_desc())},
                                            {DNNL_ARG_WEIGHTS, s.array(p.weights_desc())},
                                            {DNNL_ARG_DIFF_DST, s.array(p.diff_dst_desc())}}),
                                    p.impl_info_str()};
            });
        attempt(backward_weights, [&] {
            const dnnl::convolution_backward_weights::primitive_desc p(
                {dnnl::algorithm::convolution_direct, x, w, b, y, stride, before, after}, s.engine(), hint);
            return session::way{variant,
                                s.call(dnnl::convolution_backward_weights(p),
                                       {{DNNL_ARG_SRC, s.array(p.src_desc())},
                                        {DNNL_ARG_DIFF_WEIGHTS, s.array(p.diff_weights_desc())},
                                        {DNNL_ARG_DIFF_BIAS, s.array(p.diff_bias_desc())},
                                        {DNNL_ARG_DIFF_DST, s.array(p.diff_dst_desc())}}),
                                p.impl_info_str()};
        });
    }
    s.time(c.name, "fwd", c.batch, forward, c.flop(), 0);
    s.time(c.name, "fwd_relu", c.batch, forward_relu, c.flop(), 0);
    s.time(c.name, "bwd_data", c.batch, backward_data, c.flop(), 0);
    s.time(c.name, "bwd_weights", c.batch, backward_weights, c.flop(), 0);
}

void time_dense(session& s, const bench::dense_case& c) {
    const memory::desc x({c.batch, c.features}, type, tag::any), w({c.units, c.features}, type, tag::any);
    const memory::desc b({c.units}, type, tag::a), y({c.batch, c.units}, type, tag::any);
    const dnnl::inner_product_forward::desc description(dnnl::prop_kind::forward_training, x, w, b, y);
    const dnnl::inner_product_forward::primitive_desc forward(description, s.engine());
    s.time(
        c.name, "fwd", c.batch,
        {{"native",
          s.call(dnnl::inner_product_forward(forward), {{DNNL_ARG_SRC, s.array(forward.src_desc())},
                                                        {DNNL_ARG_WEIGHTS, s.array(forward.weights_desc())},
                                                        {DNNL_ARG_BIAS, s.array(b)},
                                                        {DNNL_ARG_DST, s.array(forward.dst_desc())}}),
          forward.impl_info_str()}},
        c.flop(), 0);
    if (!c.first) {
        const dnnl::inner_product_backward_data::primitive_desc p({x, w, y}, s.engine(), forward);
        s.time(
            c.name, "bwd_data", c.batch,
            {{"native",
              s.call(dnnl::inner_product_backward_data(p), {{DNNL_ARG_DIFF_SRC, s.array(p.diff_src_desc())},
                                                            {DNNL_ARG_WEIGHTS, s.array(p.weights_desc())},
                                                            {DNNL_ARG_DIFF_DST, s.array(p.diff_dst_desc())}}),
              p.impl_info_str()}},
            c.flop(), 0);
    }
    const dnnl::inner_product_backward_weights::primitive_desc p({x, w, b, y}, s.engine(), forward);
    s.time(c.name, "bwd_weights", c.batch,
           {{"native",
             s.call(dnnl::inner_product_backward_weights(p),
                    {{DNNL_ARG_SRC, s.array(p.src_desc())},
                     {DNNL_ARG_DIFF_WEIGHTS, s.array(p.diff_weights_desc())},
                     {DNNL_ARG_DIFF_BIAS, s.array(p.diff_bias_desc())},
                     {DNNL_ARG_DIFF_DST, s.array(p.diff_dst_desc())}}),
             p.impl_info_str()}},
           c.flop(), 0);
}

constexpr std::pair<const char*, tag> map_layouts[] = {
    {"blocked", tag::nChw16c}, {"nchw", tag::nchw}, {"nhwc", tag::nhwc}};

void time_max_pool(session& s, const bench::map_case& c) {
    const dims x_size{c.batch, c.channels, c.image, c.image};
    const dims y_size{c.batch, c.channels, c.image / 2, c.image / 2};
    const dims window{2, 2}, padding{0, 0};
    std::vector<session::way> forward, backward;
    for (const auto& [variant, layout] : map_layouts) {
        const memory::desc x(x_size, type, layout), y(y_size, type, layout);
        const dnnl::pooling_forward::primitive_desc p({dnnl::prop_kind::forward_training,
                                                       dnnl::algorithm::pooling_max, x, y, window, window,
                                                       padding, padding},
                                                      s.engine());
        const memory taps = s.array(p.workspace_desc());
        const arguments args{
            {DNNL_ARG_SRC, s.array(x)}, {DNNL_ARG_DST, s.array(y)}, {DNNL_ARG_WORKSPACE, taps}};
        forward.push_back({variant, s.call(dnnl::pooling_forward(p), args), p.impl_info_str()});
        const dnnl::pooling_backward::primitive_desc back(
            {dnnl::algorithm::pooling_max, x, y, window, window, padding, padding}, s.engine(), p);
        backward.push_back({variant,
                            s.call(dnnl::pooling_backward(back), {{DNNL_ARG_DIFF_SRC, s.array(x)},
                                                                  {DNNL_ARG_DIFF_DST, s.array(y)},
                                                                  {DNNL_ARG_WORKSPACE, taps}}),
                            back.impl_info_str()});
    }
    const double bytes = sizeof(float) * c.size() * 1.25; // the map and the pooled map, once each
    s.time(c.name, "fwd", c.batch, forward, 0, bytes);
    s.time(c.name, "bwd_data", c.batch, backward, 0, bytes);
}

void time_batch_norm(session& s, const bench::map_case& c) {
    const dims size{c.batch, c.channels, c.image, c.image};
    const auto flags = dnnl::normalization_flags::use_scale_shift;
    std::vector<session::way> forward, backward;
    for (const auto& [variant, layout] : map_layouts) {
        const memory::desc x(size, type, layout);
        attempt(forward, [&, variant = variant] {
            const dnnl::batch_normalization_forward::primitive_desc p(
                {dnnl::prop_kind::forward_training, x, 1e-3f, flags}, s.engine());
            const memory from = s.array(x), to = s.array(x), mean = s.array(p.mean_desc()),
                         variance = s.array(p.variance_desc()), scale_and_shift = s.array(p.weights_desc());
            session::way way{
                variant,
                s.call(dnnl::batch_normalization_forward(p), {{DNNL_ARG_SRC, from},
                                                              {DNNL_ARG_DST, to},
                                                              {DNNL_ARG_MEAN, mean},
                                                              {DNNL_ARG_VARIANCE, variance},
                                                              {DNNL_ARG_SCALE_SHIFT, scale_and_shift}}),
                p.impl_info_str()};
            attempt(backward, [&] {
                const dnnl::batch_normalization_backward::primitive_desc back(
                    {dnnl::prop_kind::backward, x, x, 1e-3f, flags}, s.engine(), p);
                return session::way{variant,
                                    s.call(dnnl::batch_normalization_backward(back),
                                           {{DNNL_ARG_SRC, from},
                                            {DNNL_ARG_MEAN, mean},
                                            {DNNL_ARG_VARIANCE, variance},
                                            {DNNL_ARG_SCALE_SHIFT, scale_and_shift},
                                            {DNNL_ARG_DIFF_DST, s.array(x)},
                                            {DNNL_ARG_DIFF_SRC, s.array(x)},
                                            {DNNL_ARG_DIFF_SCALE_SHIFT, s.array(p.weights_desc())}}),
                                    back.impl_info_str()};
            });
            return way;
        });
    }
    const double map = sizeof(float) * c.size();
    s.time(c.name, "fwd", c.batch, forward, 0, 2 * map);
    s.time(c.name, "bwd_data", c.batch, backward, 0, 3 * map);
}

} // namespace

int main(int argc, char** argv) {
    const auto options = bench::parse(argc, argv, "The layers of the eight models as oneDNN primitives");
    const auto* const version = dnnl_version();
    bench::report report("onednn-" + std::to_string(version->major) + "." + std::to_string(version->minor),
                         options);
    for (const int threads : options.threads) {
        omp_set_num_threads(threads); // a primitive keeps the number of its creation
        report.begin(threads);
        session s(options, report, threads);
        for (const auto& c : bench::convolutions)
            if (s.wants(c.name)) time_convolution(s, c);
        for (const auto& c : bench::denses)
            if (s.wants(c.name)) time_dense(s, c);
        for (const auto& c : bench::max_pools)
            if (s.wants(c.name)) time_max_pool(s, c);
        for (const auto& c : bench::batch_norms)
            if (s.wants(c.name)) time_batch_norm(s, c);
    }
}
