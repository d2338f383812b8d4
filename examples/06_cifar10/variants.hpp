#pragma once

#include <strata/strata.hpp>

#include <iostream>

#include "support/example.hpp"

void train_simple(example& run, double average);
void train_complex(example& run, double average);
void train_convnet(example& run, double average);
void train_best(example& run);

/// Trains as the source of the first three does: the mean image of the training part is subtracted, nothing
/// is scaled; a line of loss and accuracy every 100 iterations, a summary and the validation of every epoch,
/// one final test.
template <class Network, class Loss, class Optimizer>
void train(example& run, Network net, Loss loss, Optimizer optimizer, strata::index epochs, double average) {
    const auto images = run.cifar10();
    const auto centred = strata::subtract_mean_image::of(images.train);
    const parts data{images.train.with(centred), images.validation.with(centred), images.test.with(centred)};
    net.initialise(run.seed);
    if (!run.quiet) std::cout << strata::summary(net) << '\n';
    auto best = run.track(data.test);
    auto options = run.options(epochs, 64);
    options.average.decay = average;
    const auto trained = fit(net, data.train, loss, optimizer, options, best,
                             strata::evaluate_on(data.validation), run.show({.every = 100, .epochs = true}));
    run.report(net, trained, data, best);
}
