// Convolutional networks: three convolutions, two of them with stride 2 in place of pooling, and two dense
// layers; and the best, in a file of its own.
//
//     build/release/examples/mnist_convnet --variant small|dropout|batchnorm|best

#include <strata/strata.hpp>

#include <iostream>

#include "best.hpp"
#include "support/example.hpp"

using namespace strata;

int main(int argc, char** argv) {
    example run("mnist_convnet", "A convolutional network for handwritten digits", 10'000, 100,
                {"small", "batchnorm", "best", "dropout"});
    return run.main(argc, argv, [&] {
        if (run.variant == "best") return train_best(run);
        const auto data = run.mnist();

        const auto train = [&](auto net, schedule learning_rate) {
            net.initialise(run.seed);
            if (!run.quiet) std::cout << summary(net) << '\n';
            auto best = run.track(data.test);
            const auto trained = fit(net, data.train, softmax_cross_entropy{},
                                     adam{.learning_rate = learning_rate}, run.options(), best, run.show());
            run.report(net, trained, data, best);
        };

        const truncated_normal narrow{0.1f};
        const constant above{0.1f}; // a rectifier that starts in its linear part
        const exponential_decay falling{.initial = 0.003, .floor = 0.0001, .steps = 2'000};

        // clang-format off
        if (run.variant == "small") {
            train(network{input<28, 28, 1>{},
                          conv2d<conv{.filters = 4, .kernel = 5, .padding = same}>{narrow, above}, relu{},
                          conv2d<conv{.filters = 8, .kernel = 5, .stride = 2, .padding = same}>{narrow, above}, relu{},
                          conv2d<conv{.filters = 12, .kernel = 4, .stride = 2, .padding = same}>{narrow, above}, relu{},
                          flatten{},
                          dense<200>{narrow, above}, relu{},
                          dense<10>{narrow, above}},
                  falling);
        } else if (run.variant == "dropout") {
            train(network{input<28, 28, 1>{},
                          conv2d<conv{.filters = 6, .kernel = 6, .padding = same}>{narrow, above}, relu{},
                          conv2d<conv{.filters = 12, .kernel = 5, .stride = 2, .padding = same}>{narrow, above}, relu{},
                          conv2d<conv{.filters = 24, .kernel = 4, .stride = 2, .padding = same}>{narrow, above}, relu{},
                          flatten{},
                          dense<200>{narrow, above}, relu{}, dropout{.rate = 0.25f},
                          dense<10>{narrow, above}},
                  falling);
        } else { // behind a batch norm a bias would be lost, and in front of a rectifier a scale
            const batch_norm<norm{.scale = false}> normal{
                .momentum = 0.999f, .epsilon = 1e-5f, .average = running_average::num_updates};
            train(network{input<28, 28, 1>{},
                          conv2d<conv{.filters = 24, .kernel = 6, .padding = same, .bias = false}>{narrow}, normal, relu{},
                          conv2d<conv{.filters = 48, .kernel = 5, .stride = 2, .padding = same, .bias = false}>{narrow}, normal, relu{},
                          conv2d<conv{.filters = 64, .kernel = 4, .stride = 2, .padding = same, .bias = false}>{narrow}, normal, relu{},
                          flatten{},
                          dense<200, no_bias>{narrow}, normal, relu{}, dropout{.rate = 0.5f},
                          dense<10>{narrow, above}},
                  exponential_decay{.initial = 0.02, .floor = 0.0001, .steps = 1'600});
        }
        // clang-format on
    });
}
