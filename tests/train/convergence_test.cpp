#include <strata/layers/dense.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/tanh.hpp>
#include <strata/loss/hinge.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/adadelta.hpp>
#include <strata/optim/adagrad.hpp>
#include <strata/optim/adam.hpp>
#include <strata/optim/rmsprop.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/train/fit.hpp>

#include <tuple>

#include "samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

labelled exclusive_or() {
    return {tensor<float, 4>{{{{0, 0}}}, {{{0, 1}}}, {{{1, 0}}}, {{{1, 1}}}},
            tensor<std::int32_t, 1>{0, 1, 1, 0}};
}

/// Every optimizer, with a learning rate for tiny networks.
const std::tuple optimizers{
    sgd{0.5},
    sgd{.learning_rate = 0.1, .momentum = 0.9},
    sgd{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true},
    adam{0.02},
    adamw{0.02},
    rmsprop{0.01},
    rmsprop{.learning_rate = 0.005, .epsilon_inside_root = true, .momentum = 0.5},
    adagrad{0.2},
    adadelta{1.0},
};

template <class T, class Optimizer> void check_converges(const Optimizer& rule) {
    {
        network net{input_of<T, 2>{}, dense<8>{}, strata::tanh{}, dense<2>{}};
        net.initialise(1);
        const fit_result r =
            fit(net, exclusive_or(), softmax_cross_entropy{}, rule, {.batch_size = 4, .steps = 2'000});
        CHECK(evaluate(net, exclusive_or()).errors == 0);
        CHECK(r.last.loss < 0.1);
    }
    {
        const labelled train = clouds(90, 5), test = clouds(200, 5, 2);
        network net{input_of<T, 2>{}, dense<16>{}, relu{}, dense<5>{}};
        net.initialise(1);
        fit(net, train, softmax_cross_entropy{}, rule, {.batch_size = 16, .epochs = 150, .seed = 1});
        CHECK(evaluate(net, train).errors == 0);
        CHECK(evaluate(net, test).errors == 0);
    }
}

} // namespace

TEST_CASE("every optimizer learns XOR and five clouds without an error", "[convergence]") {
    std::apply(
        [](const auto&... rule) {
            int number = 0;
            const auto one = [&](const auto& r) {
                INFO("optimizer number " << number++);
                check_converges<float>(r);
                check_converges<double>(r);
            };
            (one(rule), ...);
        },
        optimizers);
}
