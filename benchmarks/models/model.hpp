#pragma once

#include <strata/strata.hpp>

#include <cstdint>
#include <string>

#include "support/models.hpp"
#include "support/report.hpp"

/// What the programs of one model need from the program around them.
struct session {
    const bench::options& options;
    bench::report& report;
    int threads;
};

// One a file, or two.
void time_mnist_mlp(const session&);
void time_mnist_five_layers(const session&);
void time_mnist_convnet(const session&);
void time_mnist_convnet_bn(const session&);
void time_cifar_simple(const session&);
void time_cifar_complex(const session&);
void time_cifar_convnet(const session&);
void time_cifar_vgg(const session&);

/// One batch of random samples and labels.
template <class Network> strata::data::batch<float, strata::label> random_batch(strata::index size) {
    strata::data::batch<float, strata::label> batch(size, Network::input_shape);
    const strata::random_source random{1};
    for (strata::index i = 0; i < batch.x.size(); ++i)
        batch.x[i] = static_cast<float>(random.normal(static_cast<std::uint64_t>(i)));
    for (strata::index i = 0; i < size; ++i)
        batch.targets[i] = static_cast<strata::label>(i * 7 % Network::output_size);
    batch.size = size;
    return batch;
}

/// So small that thousands of steps on one batch leave the numbers where training begins; the time of a step
/// does not depend on it.
inline constexpr double learning_rate = 1e-6;

/// Times a training step and an inference batch of model Number. The work that the tables count is the work
/// the network knows of itself.
template <int Number, class Network, class Optimizer>
void time_model(const session& s, Network net, const Optimizer& rule,
                const strata::training_terms& terms = {}) {
    constexpr bench::model_case model = bench::models[Number - 1];
    static_assert(bench::infer_flop(model.name) == 2.0 * model.batch * Network::multiply_adds);
    static_assert(bench::train_flop(model.name)
                  == 2.0 * model.batch
                         * (3 * Network::multiply_adds
                            - std::remove_cvref_t<decltype(net.template layer<0>())>::multiply_adds));
    if (!s.options.wants(std::string(model.name)) && !s.options.wants(std::string(model.long_name))) return;

    strata::threads(s.threads);
    const auto batch = random_batch<Network>(model.batch);
    constexpr double block = 10e-3;
    bench::result line{std::string(model.name), "train", model.batch, s.threads};
    line.model = model.long_name;
    {
        strata::trainer trainer(net, strata::softmax_cross_entropy{}, rule, terms);
        line.time = bench::measure([&] { trainer.step(batch); }, s.options, block);
        line.flop = bench::train_flop(model.name);
        s.report.add(line);
    }
    {
        strata::buffer<float> y(model.batch * Network::output_size);
        strata::workspace room;
        line.what = "infer";
        line.time = bench::measure([&] { net.forward(batch.x.data(), y.data(), model.batch, room); },
                                   s.options, block);
        line.flop = bench::infer_flop(model.name);
        s.report.add(line);
    }
}
