// A perceptron with one hidden layer, trained with L2, a learning rate that falls epoch by epoch, and an
// average of the weights that is what counts in the end.
//
//     build/release/examples/mnist_mlp

#include <strata/strata.hpp>

#include <iostream>

#include "support/example.hpp"

using namespace strata;

int main(int argc, char** argv) {
    example run("mnist_mlp", "A perceptron with one hidden layer of 500 units", 30'000, 100);
    double rate = 0.8;
    run.option("--rate", rate, 0, 1000, "learning rate of the first epoch");

    return run.main(argc, argv, [&] {
        const auto data = run.mnist(5'000);

        network net{input<784>{}, dense<500>{.weight_init = truncated_normal{0.1f}}, relu{},
                    dense<10>{.weight_init = truncated_normal{0.1f}}};
        net.initialise(run.seed);
        if (!run.quiet) std::cout << summary(net);

        auto options = run.options();
        options.l2 = 1e-4;
        options.average = moving_average{.decay = 0.99};
        const auto steps_per_epoch = std::max<strata::index>(1, data.train.size() / run.batch);

        auto best = run.track(data.test);
        const auto trained =
            fit(net, data.train, softmax_cross_entropy{},
                sgd{.learning_rate =
                        exponential_decay{
                            .initial = rate, .rate = 0.99, .steps = steps_per_epoch, .staircase = true}},
                options, best, evaluate_on{data.validation, 1'000}, run.show());
        run.report(net, trained, data, best);
    });
}
