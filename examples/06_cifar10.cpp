// Convolutional networks for the photographs of CIFAR-10, 32x32 pixels in colour, of ten classes.
//
//     scripts/fetch cifar10
//     build/release/examples/cifar10 --variant simple|complex|convnet

#include <strata/strata.hpp>

#include <iostream>

#include "support/example.hpp"

using namespace strata;

int main(int argc, char** argv) {
    example run("cifar10", "Convolutional networks for photographs of ten classes", 0, 64,
                {"simple", "complex", "convnet"});
    double average = 0.99;
    run.option(
        "--average", average, 0, 0.9999,
        "decay of the average of the weights that is tested; 0: the last weights, as in the source, which "
        "are some 2 % better or worse from step to step");
    return run.main(argc, argv, [&] {
        const auto images = run.cifar10();
        // the mean image of the training part is subtracted, nothing is scaled
        const auto centred = subtract_mean_image::of(images.train);
        const parts data{images.train.with(centred), images.validation.with(centred),
                         images.test.with(centred)};

        const auto train = [&](auto net, auto loss, auto optimizer, strata::index epochs) {
            net.initialise(run.seed);
            if (!run.quiet) std::cout << summary(net) << '\n';
            auto best = run.track(data.test);
            auto options = run.options(epochs);
            options.average.decay = average;
            const auto trained = fit(net, data.train, loss, optimizer, options, best,
                                     evaluate_on(data.validation), run.show({.every = 100, .epochs = true}));
            run.report(net, trained, data, best);
        };

        const glorot_uniform even; // TensorFlow's default
        // clang-format off
        if (run.variant == "simple") {
            train(network{input<32, 32, 3>{},
                          conv2d<conv{.filters = 32, .kernel = 7, .stride = 2}>{even}, relu{},
                          flatten{},
                          dense<10>{even}},
                  hinge{}, adam{.learning_rate = 5e-4}, 1);
        } else if (run.variant == "complex") {
            train(network{input<32, 32, 3>{},
                          conv2d<conv{.filters = 32, .kernel = 7}>{even}, relu{},
                          batch_norm{.momentum = 0.9997f, .average = running_average::zero_debiased},
                          max_pool2d<>{},
                          flatten{},
                          dense<1024>{even}, relu{},
                          dense<10>{even}},
                  softmax_cross_entropy{},
                  rmsprop{.learning_rate = 1e-3, .epsilon = 1e-10, .epsilon_inside_root = true, .initial_square = 1}, 1);
        } else {
            const batch_norm<> normal{};
            const conv2d<conv{.filters = 32, .kernel = 5, .stride = 2, .padding = same}> halving{even};
            train(network{input<32, 32, 3>{},
                          conv2d<conv{.filters = 64, .kernel = 5, .padding = same}>{even},
                          normal, relu{}, halving,
                          normal, relu{}, halving,
                          normal, relu{}, halving,
                          global_average_pool{},
                          dense<100>{even}, relu{},
                          dense<10>{even}},
                  softmax_cross_entropy{},
                  adam{.learning_rate = exponential_decay{.initial = 1e-2, .rate = 0.96, .steps = 750, .staircase = true}}, 8);
        }
        // clang-format on
    });
}
