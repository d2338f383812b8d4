// Models M1, M3 and M6 in dlib: those it can express. Its "same" padding is the same on all sides, so M3's
// convolutions see one row and column less (28, 27, 14, 7; 1 % less work than is counted); it has no RMSprop,
// so M6 is trained by Adam. Gradients and update are called directly: a trainer would add a thread.

#include <array>
#include <dlib/dnn.h>
#include <dlib/revision.h>
#include <memory>
#include <string>
#include <vector>

#include "support/models.hpp"
#include "support/report.hpp"

extern "C" [[gnu::weak]] void openblas_set_num_threads(int);

namespace {

template <long Filters, long Kernel, int Stride, int Padding, class Below>
using convolution =
    dlib::add_layer<dlib::con_<Filters, Kernel, Kernel, Stride, Stride, Padding, Padding>, Below>;
template <long Filters, long Kernel, int Stride, int Padding, class Below>
using rectified = dlib::relu<convolution<Filters, Kernel, Stride, Padding, Below>>;
template <long Units, class Below> using rectified_dense = dlib::relu<dlib::fc<Units, Below>>;

using grey = dlib::input<dlib::matrix<float>>;
using colour = dlib::input<std::array<dlib::matrix<float>, 3>>;

using mlp = dlib::loss_multiclass_log<dlib::fc<10, rectified_dense<500, grey>>>;

using three_convolutions = rectified<24, 4, 2, 1, rectified<12, 5, 2, 2, rectified<6, 6, 1, 2, grey>>>;
using convnet =
    dlib::loss_multiclass_log<dlib::fc<10, dlib::dropout<rectified_dense<200, three_convolutions>>>>;
using convnet_inference = dlib::loss_multiclass_log<dlib::fc<10, rectified_dense<200, three_convolutions>>>;

template <template <class> class Normal>
using complex_of = dlib::loss_multiclass_log<
    dlib::fc<10, rectified_dense<1024, dlib::max_pool<2, 2, 2, 2, Normal<rectified<32, 7, 1, 0, colour>>>>>>;
using complex = complex_of<dlib::bn_con>;
using complex_inference = complex_of<dlib::affine>;

struct session {
    const bench::options& options;
    bench::report& report;
    int threads;
};

/// A batch of random images in `x`. dlib must have converted as many samples itself once.
template <class Network> void fill(Network& net, dlib::resizable_tensor& x, int batch, long image) {
    typename Network::input_type sample;
    if constexpr (std::is_same_v<typename Network::input_type, dlib::matrix<float>>)
        sample = dlib::zeros_matrix<float>(image, image);
    else
        sample.fill(dlib::zeros_matrix<float>(image, image));
    const std::vector samples(static_cast<std::size_t>(batch), sample);
    net.to_tensor(samples.begin(), samples.end(), x);
    dlib::tt::tensor_rand(1).fill_gaussian(x, 0, 1);
}

template <class Network, class Solver>
void train(const session& s, const bench::model_case& model, long image, const Solver& solver,
           const char* variant) {
    if (!s.options.wants(std::string(model.name)) && !s.options.wants(std::string(model.long_name))) return;
    const auto net = std::make_unique<Network>();
    dlib::resizable_tensor x;
    fill(*net, x, model.batch, image);
    std::vector<unsigned long> labels;
    for (int i = 0; i < model.batch; ++i) labels.push_back(static_cast<unsigned long>(i * 7 % 10));
    std::vector<Solver> solvers(Network::num_computational_layers, solver);
    bench::result line{std::string(model.name), "train", model.batch, s.threads};
    line.model = model.long_name;
    line.variant = variant;
    line.flop = bench::train_flop(model.name);
    line.time = bench::measure(
        [&] {
            net->compute_parameter_gradients(x, labels.begin());
            net->update_parameters(dlib::make_sstack(solvers), 1e-6);
        },
        s.options, 10e-3);
    s.report.add(line);
}

template <class Network>
void infer(const session& s, const bench::model_case& model, long image, const char* variant) {
    if (!s.options.wants(std::string(model.name)) && !s.options.wants(std::string(model.long_name))) return;
    const auto net = std::make_unique<Network>();
    dlib::resizable_tensor x;
    fill(*net, x, model.batch, image);
    bench::result line{std::string(model.name), "infer", model.batch, s.threads};
    line.model = model.long_name;
    line.variant = variant;
    line.flop = bench::infer_flop(model.name);
    line.time = bench::measure([&] { net->subnet().forward(x); }, s.options, 10e-3);
    s.report.add(line);
}

} // namespace

int main(int argc, char** argv) {
    const auto options = bench::parse(argc, argv, "Models M1, M3 and M6 in dlib");
    bench::report report(
        "dlib-" + std::to_string(DLIB_MAJOR_VERSION) + "." + std::to_string(DLIB_MINOR_VERSION), options);
    for (const int threads : options.threads) {
        if (openblas_set_num_threads) openblas_set_num_threads(threads);
        report.begin(threads);
        const session s{options, report, threads};
        const dlib::adam adam(0.f, 0.9f, 0.999f);
        train<mlp>(s, bench::model_named("M1"), 28, dlib::sgd(1e-4f, 0.f), "");
        infer<mlp>(s, bench::model_named("M1"), 28, "");
        train<convnet>(s, bench::model_named("M3"), 28, adam, "symmetric-padding");
        infer<convnet_inference>(s, bench::model_named("M3"), 28, "symmetric-padding");
        train<complex>(s, bench::model_named("M6"), 32, adam, "adam");
        infer<complex_inference>(s, bench::model_named("M6"), 32, "");
    }
}
