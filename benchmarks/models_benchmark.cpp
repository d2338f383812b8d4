// A training step and an inference batch of the networks of the examples, on random data that lies in memory.

#include <strata/strata.hpp>

#include <benchmark/benchmark.h>
#include <cstdint>
#include <string>
#include <type_traits>

using namespace strata;

namespace {

auto mlp() {
    return network{input<784>{}, dense<500>{}, relu{}, dense<10>{}};
}

auto five_layers() {
    const dropout quarter{.rate = 0.25f};
    return network{input<784>{}, dense<200>{}, relu{},  quarter,     dense<100>{}, relu{},  quarter,
                   dense<60>{},  relu{},       quarter, dense<30>{}, relu{},       quarter, dense<10>{}};
}

auto convnet() {
    return network{input<28, 28, 1>{},
                   conv2d<conv{.filters = 6, .kernel = 6, .padding = same}>{},
                   relu{},
                   conv2d<conv{.filters = 12, .kernel = 5, .stride = 2, .padding = same}>{},
                   relu{},
                   conv2d<conv{.filters = 24, .kernel = 4, .stride = 2, .padding = same}>{},
                   relu{},
                   flatten{},
                   dense<200>{},
                   relu{},
                   dropout{.rate = 0.25f},
                   dense<10>{}};
}

auto convnet_batch_norm() {
    const batch_norm<norm{.scale = false}> normal{};
    return network{input<28, 28, 1>{},
                   conv2d<conv{.filters = 24, .kernel = 6, .padding = same, .bias = false}>{},
                   normal,
                   relu{},
                   conv2d<conv{.filters = 48, .kernel = 5, .stride = 2, .padding = same, .bias = false}>{},
                   normal,
                   relu{},
                   conv2d<conv{.filters = 64, .kernel = 4, .stride = 2, .padding = same, .bias = false}>{},
                   normal,
                   relu{},
                   flatten{},
                   dense<200, no_bias>{},
                   normal,
                   relu{},
                   dropout{.rate = 0.5f},
                   dense<10>{}};
}

template <class Network> data::batch<float, std::int32_t> random_batch(strata::index size) {
    data::batch<float, std::int32_t> batch(size, Network::input_shape);
    const random_source random{1};
    for (strata::index i = 0; i < batch.x.size(); ++i)
        batch.x[i] = static_cast<float>(random.uniform(static_cast<std::uint64_t>(i)));
    for (strata::index i = 0; i < size; ++i)
        batch.targets[i] = static_cast<std::int32_t>(i % Network::output_size);
    batch.size = size;
    return batch;
}

/// Items are samples; GFLOP/s counts the multiplications and additions of convolutions and dense layers,
/// three times the forward pass for a training step.
void count(benchmark::State& state, strata::index batch, strata::index multiply_adds) {
    state.SetItemsProcessed(state.iterations() * batch);
    state.counters["GFLOP/s"] = benchmark::Counter(
        2e-9 * static_cast<double>(state.iterations() * batch * multiply_adds), benchmark::Counter::kIsRate);
}

template <class Make, class Optimizer>
void train(benchmark::State& state, Make make, const Optimizer& rule, strata::index size) {
    threads(static_cast<int>(state.range(0)));
    auto net = make();
    trainer worker(net, softmax_cross_entropy{}, rule);
    const auto batch = random_batch<decltype(net)>(size);
    worker.step(batch);
    for (auto _ : state) benchmark::DoNotOptimize(worker.step(batch));
    count(state, size, 3 * decltype(net)::multiply_adds);
}

template <class Make> void infer(benchmark::State& state, Make make, strata::index size) {
    threads(static_cast<int>(state.range(0)));
    const auto net = make();
    const auto batch = random_batch<std::remove_const_t<decltype(net)>>(size);
    buffer<float> y(size * net.output_size);
    workspace room;
    for (auto _ : state) {
        net.forward(batch.x.data(), y.data(), size, room);
        benchmark::DoNotOptimize(y.data());
    }
    count(state, size, net.multiply_adds);
}

template <class Make, class Optimizer>
void add(const std::string& name, Make make, const Optimizer& rule, strata::index batch) {
    const auto both = [](benchmark::internal::Benchmark* b) {
        b->Arg(1)->Arg(2)->ArgName("threads")->UseRealTime()->Unit(benchmark::kMicrosecond);
    };
    both(benchmark::RegisterBenchmark((name + "/train").c_str(),
                                      [=](benchmark::State& s) { train(s, make, rule, batch); }));
    both(benchmark::RegisterBenchmark((name + "/infer").c_str(),
                                      [=](benchmark::State& s) { infer(s, make, batch); }));
}

const bool registered = [] {
    add("mnist_mlp", mlp, sgd{.learning_rate = 0.1}, 200);
    add("mnist_five_layers", five_layers, adam{}, 100);
    add("mnist_convnet", convnet, adam{}, 100);
    add("mnist_convnet_bn", convnet_batch_norm, adam{}, 100);
    return true;
}();

} // namespace
