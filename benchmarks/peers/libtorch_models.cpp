// The eight models in libtorch, with C++: a training step and an inference batch each, in both layouts of
// images. scripts/compare runs it with several settings of the environment and takes the best.

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <functional>
#include <memory>
#include <string>
#include <torch/torch.h>
#include <torch/version.h>
#include <vector>

#include "support/models.hpp"
#include "support/report.hpp"

extern "C" [[gnu::weak]] void openblas_set_num_threads(int);

namespace {

using at::MemoryFormat;
using torch::Tensor;

/// The layers of a model, one behind the other.
struct layers {
    torch::nn::Sequential all;

    layers& dense(long in, long out, bool bias = true) {
        all->push_back(torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(bias)));
        return *this;
    }
    /// TensorFlow's "same" padding: `after` may be one more than `before`, which takes an operation of its
    /// own.
    layers& conv(long in, long out, long kernel, long stride = 1, long before = 0, long after = 0,
                 bool bias = true) {
        if (after > before)
            all->push_back(torch::nn::ConstantPad2d(
                torch::nn::ConstantPad2dOptions({0, after - before, 0, after - before}, 0)));
        all->push_back(torch::nn::Conv2d(
            torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(before).bias(bias)));
        return *this;
    }
    layers& relu() {
        all->push_back(torch::nn::ReLU(torch::nn::ReLUOptions(true)));
        return *this;
    }
    layers& dropout(double rate) {
        all->push_back(torch::nn::Dropout(rate));
        return *this;
    }
    /// Without a scale the scale stays 1: nobody asks for its gradient.
    layers& batch_norm(long channels, bool scale = true) {
        torch::nn::BatchNorm2d layer(channels);
        layer->weight.set_requires_grad(scale);
        all->push_back(layer);
        return *this;
    }
    layers& flat_batch_norm(long channels, bool scale = true) {
        torch::nn::BatchNorm1d layer(channels);
        layer->weight.set_requires_grad(scale);
        all->push_back(layer);
        return *this;
    }
    layers& max_pool() {
        all->push_back(torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(2).stride(2)));
        return *this;
    }
    layers& flatten() {
        all->push_back(torch::nn::Flatten());
        return *this;
    }
    layers& global_average() {
        all->push_back(torch::nn::AdaptiveAvgPool2d(torch::nn::AdaptiveAvgPool2dOptions(1)));
        return flatten();
    }
};

torch::nn::Sequential make(const std::string& model) {
    layers l;
    if (model == "M1") {
        l.dense(784, 500).relu().dense(500, 10);
    } else if (model == "M2") {
        l.dense(784, 200).relu().dropout(0.25).dense(200, 100).relu().dropout(0.25);
        l.dense(100, 60).relu().dropout(0.25).dense(60, 30).relu().dropout(0.25).dense(30, 10);
    } else if (model == "M3") {
        l.conv(1, 6, 6, 1, 2, 3).relu().conv(6, 12, 5, 2, 1, 2).relu().conv(12, 24, 4, 2, 1, 1).relu();
        l.flatten().dense(1176, 200).relu().dropout(0.25).dense(200, 10);
    } else if (model == "M4") {
        l.conv(1, 24, 6, 1, 2, 3, false).batch_norm(24, false).relu();
        l.conv(24, 48, 5, 2, 1, 2, false).batch_norm(48, false).relu();
        l.conv(48, 64, 4, 2, 1, 1, false).batch_norm(64, false).relu().flatten();
        l.dense(3136, 200, false).flat_batch_norm(200, false).relu().dropout(0.5).dense(200, 10);
    } else if (model == "M5") {
        l.conv(3, 32, 7, 2).relu().flatten().dense(5408, 10);
    } else if (model == "M6") {
        l.conv(3, 32, 7).relu().batch_norm(32).max_pool().flatten().dense(5408, 1024).relu().dense(1024, 10);
    } else if (model == "M7") {
        l.conv(3, 64, 5, 1, 2, 2).batch_norm(64).relu().conv(64, 32, 5, 2, 1, 2).batch_norm(32).relu();
        l.conv(32, 32, 5, 2, 1, 2).batch_norm(32).relu().conv(32, 32, 5, 2, 1, 2);
        l.global_average().dense(32, 100).relu().dense(100, 10);
    } else {
        l.conv(3, 64, 3, 1, 1, 1, false).batch_norm(64).relu();
        l.conv(64, 64, 3, 1, 1, 1, false).batch_norm(64).relu().max_pool();
        l.conv(64, 128, 3, 1, 1, 1, false).batch_norm(128).relu();
        l.conv(128, 128, 3, 1, 1, 1, false).batch_norm(128).relu().max_pool();
        l.conv(128, 256, 3, 1, 1, 1, false).batch_norm(256).relu();
        l.conv(256, 256, 3, 1, 1, 1, false).batch_norm(256).relu().max_pool().global_average().dense(256, 10);
    }
    return l.all;
}

/// As small as strata's own program has it, for the same reason.
constexpr double learning_rate = 1e-6;

std::unique_ptr<torch::optim::Optimizer> optimizer(const std::string& model,
                                                   const std::vector<Tensor>& parameters) {
    using namespace torch::optim;
    if (model == "M1") return std::make_unique<SGD>(parameters, SGDOptions(learning_rate).weight_decay(1e-4));
    if (model == "M6") return std::make_unique<RMSprop>(parameters, RMSpropOptions(learning_rate).alpha(0.9));
    return std::make_unique<Adam>(parameters, AdamOptions(learning_rate));
}

bool has_images(const std::string& model) {
    return model != "M1" && model != "M2";
}

/// One model in one layout, and its batch.
class runnable {
public:
    runnable(const std::string& model, int batch, MemoryFormat layout) : m_net(make(model)) {
        if (!has_images(model))
            m_x = torch::randn({batch, 784});
        else if (model == "M3" || model == "M4")
            m_x = torch::randn({batch, 1, 28, 28}).contiguous(layout);
        else
            m_x = torch::randn({batch, 3, 32, 32}).contiguous(layout);
        m_labels = torch::randint(0, 10, {batch}, torch::kLong);
        std::vector<Tensor> trained;
        for (auto& parameter : m_net->parameters()) {
            if (parameter.dim() == 4) parameter.set_data(parameter.data().contiguous(layout));
            if (parameter.requires_grad()) trained.push_back(parameter);
        }
        m_optimizer = optimizer(model, trained);
    }

    void train() {
        for (const auto& group : m_optimizer->param_groups())
            for (const auto& parameter : group.params()) parameter.mutable_grad() = Tensor();
        torch::nn::functional::cross_entropy(m_net->forward(m_x), m_labels).backward();
        m_optimizer->step();
    }
    void infer() {
        const c10::InferenceMode guard;
        m_out = m_net->forward(m_x);
    }
    void is_training(bool on) { m_net->train(on); }

private:
    torch::nn::Sequential m_net;
    std::unique_ptr<torch::optim::Optimizer> m_optimizer;
    Tensor m_x, m_labels, m_out;
};

void time_model(const bench::model_case& model, int threads, const bench::options& options,
                bench::report& report) {
    const std::string name(model.name);
    std::vector<std::string> layouts{"nchw"};
    std::vector<std::unique_ptr<runnable>> alternatives;
    alternatives.push_back(std::make_unique<runnable>(name, model.batch, MemoryFormat::Contiguous));
    if (has_images(name)) {
        layouts.emplace_back("channels_last");
        alternatives.push_back(std::make_unique<runnable>(name, model.batch, MemoryFormat::ChannelsLast));
    }
    for (const bool training : {true, false}) {
        std::vector<std::function<void()>> calls;
        for (const auto& a : alternatives) {
            a->is_training(training);
            calls.emplace_back([&a, training] { training ? a->train() : a->infer(); });
        }
        const auto times = bench::measure(calls, options, 10e-3);
        for (std::size_t i = 0; i < times.size(); ++i) {
            bench::result line{name, training ? "train" : "infer", model.batch, threads};
            line.model = model.long_name;
            line.variant = layouts[i];
            line.time = times[i];
            line.flop = training ? bench::train_flop(model.name) : bench::infer_flop(model.name);
            report.add(line);
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    const auto options = bench::parse(argc, argv, "The eight models in libtorch");
    bench::report report("libtorch-" + std::to_string(TORCH_VERSION_MAJOR) + "."
                             + std::to_string(TORCH_VERSION_MINOR),
                         options);
    for (const int threads : options.threads) {
        at::set_num_threads(threads);
        if (openblas_set_num_threads) openblas_set_num_threads(threads);
        report.begin(threads);
        torch::manual_seed(1);
        for (const auto& model : bench::models)
            if (options.wants(std::string(model.name)) || options.wants(std::string(model.long_name)))
                time_model(model, threads, options, report);
    }
}
