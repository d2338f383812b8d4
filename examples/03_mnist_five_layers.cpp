// Five dense layers, 784-200-100-60-30-10, and what each idea of the last decades brings: sigmoids,
// rectifiers with a falling learning rate, dropout, batch norm.
//
//     build/release/examples/mnist_five_layers --variant sigmoid|relu|dropout|batchnorm

#include <strata/strata.hpp>

#include "support/example.hpp"

using namespace strata;

int main(int argc, char** argv) {
    example run("mnist_five_layers", "Five dense layers: sigmoid, relu, dropout or batch norm", 10'000, 100,
                {"sigmoid", "relu", "dropout", "batchnorm"});
    return run.main(argc, argv, [&] {
        const auto data = run.mnist();

        const auto train = [&](auto net, schedule learning_rate) {
            net.initialise(run.seed);
            auto best = run.track(data.test);
            const auto trained = fit(net, data.train, softmax_cross_entropy{},
                                     adam{.learning_rate = learning_rate}, run.options(), best, run.show());
            run.report(net, trained, data, best);
        };

        const truncated_normal narrow{0.1f};
        const constant above{0.1f}; // a rectifier that starts in its linear part
        const exponential_decay falling{.initial = 0.003, .floor = 0.0001, .steps = 2'000};

        // clang-format off
        if (run.variant == "sigmoid") {
            train(network{input<784>{},
                          dense<200>{narrow}, sigmoid{},
                          dense<100>{narrow}, sigmoid{},
                          dense<60>{narrow}, sigmoid{},
                          dense<30>{narrow}, sigmoid{},
                          dense<10>{narrow}},
                  0.003);
        } else if (run.variant == "relu") {
            train(network{input<784>{},
                          dense<200>{narrow, above}, relu{},
                          dense<100>{narrow, above}, relu{},
                          dense<60>{narrow, above}, relu{},
                          dense<30>{narrow, above}, relu{},
                          dense<10>{narrow}},
                  falling);
        } else if (run.variant == "dropout") {
            const dropout quarter{.rate = 0.25f};
            train(network{input<784>{},
                          dense<200>{narrow, above}, relu{}, quarter,
                          dense<100>{narrow, above}, relu{}, quarter,
                          dense<60>{narrow, above}, relu{}, quarter,
                          dense<30>{narrow, above}, relu{}, quarter,
                          dense<10>{narrow}},
                  falling);
        } else { // a scale would be lost in the rectifier's neighbour, so the norm has an offset only
            const batch_norm<norm{.scale = false}> normal{
                .momentum = 0.999f, .epsilon = 1e-5f, .average = running_average::num_updates};
            train(network{input<784>{},
                          dense<200, no_bias>{narrow}, normal, relu{},
                          dense<100, no_bias>{narrow}, normal, relu{},
                          dense<60, no_bias>{narrow}, normal, relu{},
                          dense<30, no_bias>{narrow}, normal, relu{},
                          dense<10>{narrow}},
                  exponential_decay{.initial = 0.03, .floor = 0.0001, .steps = 1'000});
        }
        // clang-format on
    });
}
