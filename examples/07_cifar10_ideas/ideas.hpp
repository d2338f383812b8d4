#pragma once

#include <strata/strata.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// How one training run ended.
struct outcome {
    double accuracy = 0; ///< on the validation images, after the last step
    double seconds = 0;  ///< of training, with the validation after every epoch
    strata::index parameters = 0, multiply_adds = 0;
    bool interrupted = false;
};

/// What all runs have in common: the images, how long, in which batches.
struct experiment {
    using dataset = strata::data::transformed<strata::data::dataset<>, strata::standardise>;
    dataset train, validation;
    strata::index epochs, batch;
    std::uint64_t seed;
    std::optional<strata::progress_bar> progress;

    /// Steps of a run, for schedules.
    strata::index steps() const { return epochs * ((train.size() + batch - 1) / batch); }

    /// Trains from this seed: images and weights in the same order for every idea. `extra` may have an l2.
    template <class Network, class Optimizer = strata::adam, class Images = dataset>
    outcome run(Network net, const Optimizer& rule, const Images& images,
                strata::fit_options extra = {}) const {
        net.initialise(seed);
        extra.batch_size = batch;
        extra.epochs = epochs;
        extra.seed = seed;
        extra.average.decay = 0.99; // the weights of the last step alone are some 2 % better or worse
        strata::evaluate_on checked(validation);
        auto shown = progress;
        const auto trained = fit(net, images, strata::softmax_cross_entropy{}, rule, extra, checked, shown);
        return {checked.newest.accuracy, trained.seconds, Network::parameter_count, Network::multiply_adds,
                trained.interrupted};
    }
    template <class Network> outcome run(Network net) const {
        return run(std::move(net), strata::adam{.learning_rate = 1e-3}, train);
    }
};

/// Something to try: the baseline with one change.
struct idea {
    std::string name, change;
    outcome (*run)(const experiment&);
};

// A file for each group, so that they compile side by side.
std::vector<idea> filters();
std::vector<idea> pooling();
std::vector<idea> blocks();
std::vector<idea> normalisation();
std::vector<idea> activations();
std::vector<idea> connections();
std::vector<idea> training();

/// A convolution that keeps height and width, or divides them by the stride.
template <strata::index Filters, strata::index Kernel = 3, strata::index Stride = 1>
inline constexpr strata::conv2d<strata::conv{
    .filters = Filters, .kernel = Kernel, .stride = Stride, .padding = strata::same}>
    convolution{};

/// The images, these layers, and the dense layers of the baseline.
template <class... Layers> auto with_dense_layers(Layers... layers) {
    using namespace strata;
    return network{input<32, 32, 3>{}, layers..., flatten{}, dense<128>{}, relu{}, dense<10>{}};
}

/// [conv - relu - pool] x 2, two dense layers.
inline auto baseline() {
    using namespace strata;
    return with_dense_layers(convolution<16>, relu{}, max_pool2d<>{}, convolution<32>, relu{},
                             max_pool2d<>{});
}
