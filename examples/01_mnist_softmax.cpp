// The smallest classifier of handwritten digits: one dense layer, 7,850 numbers.
//
// At a constant learning rate the weights of the last step are a noisy sample around the optimum; a moving
// average of them is what is tested. --average 0 tests the last weights themselves.
//
//     build/release/examples/mnist_softmax

#include <strata/strata.hpp>

#include "support/example.hpp"

using namespace strata;

int main(int argc, char** argv) {
    example run("mnist_softmax", "A linear classifier of handwritten digits", 10'000, 100);
    double average = 0.999;
    run.option("--average", average, 0, 0.9999999, "decay of the average of the weights, 0 for none");

    return run.main(argc, argv, [&] {
        const auto data = run.mnist();

        network net{input<784>{}, dense<10>{.weight_init = constant{0}}};
        static_assert(decltype(net)::parameter_count == 7'850);

        auto options = run.options();
        options.average = moving_average{.decay = average};
        auto best = run.track(data.test);
        const auto trained = fit(net, data.train, softmax_cross_entropy{}, sgd{.learning_rate = 0.5}, options,
                                 best, run.show());
        run.report(net, trained, data, best);
    });
}
