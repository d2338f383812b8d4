#include <strata/layers/dense.hpp>
#include <strata/layers/relu.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/train/callbacks/look_ahead.hpp>
#include <strata/train/fit.hpp>

#include <vector>

#include "../samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;
using Catch::Matchers::Contains;

namespace {

/// The parameters after some steps, `act(trainer, step)` called behind every one.
template <class Act> std::vector<float> trained(strata::index steps, const Act& act) {
    network net{input<2>{}, dense<5>{}, relu{}, dense<3>{}};
    net.initialise(3);
    trainer worker(net, softmax_cross_entropy{}, sgd{.learning_rate = 0.3, .momentum = 0.9});
    data::batches source(clouds(40, 3), {.size = 8, .seed = 1});
    auto batch = source.template make<float>();
    for (strata::index step = 0; step < steps; ++step) {
        source.fill(step, batch);
        worker.step(batch);
        act(worker, step + 1);
    }
    return {net.values().begin(), net.values().end()};
}
std::vector<float> with(look_ahead<> ahead, strata::index steps) {
    network net{input<2>{}, dense<5>{}, relu{}, dense<3>{}};
    net.initialise(3);
    fit(net, clouds(40, 3), softmax_cross_entropy{}, sgd{.learning_rate = 0.3, .momentum = 0.9},
        {.batch_size = 8, .steps = steps, .seed = 1}, ahead);
    return {net.values().begin(), net.values().end()};
}

} // namespace

TEST_CASE("look_ahead moves slow weights towards the parameters, which begin again from there") {
    std::vector<float> slow;
    {
        network net{input<2>{}, dense<5>{}, relu{}, dense<3>{}};
        net.initialise(3);
        slow.assign(net.values().begin(), net.values().end());
    }
    const auto expected = trained(9, [&](auto& worker, strata::index step) {
        if (step % 3 != 0) return;
        for (std::size_t i = 0; i < slow.size(); ++i) {
            slow[i] = 0.75f * slow[i] + 0.25f * worker.parameters()[i];
            worker.parameters()[i] = slow[i];
        }
    });
    CHECK(with({.every = 3, .rate = 0.25}, 9) == expected);
    // behind the last multiple of `every` the slow weights stay: the network ends with them
    const auto later = with({.every = 3, .rate = 0.25}, 11);
    CHECK(later == expected);
    CHECK(later != trained(9, [](auto&, strata::index) {}));
}

TEST_CASE("look_ahead with a rate of 1 changes nothing, with a rate of 0 everything comes to nothing") {
    const auto plain = trained(6, [](auto&, strata::index) {}),
               start = trained(0, [](auto&, strata::index) {});
    CHECK(with({.every = 2, .rate = 1}, 6) == plain);
    CHECK(with({.every = 2, .rate = 0}, 6) == start);
    CHECK(with({.every = 2, .rate = [](strata::index step) { return step < 4 ? 1.0 : 0.0; }}, 6)
          == trained(2, [](auto&, strata::index) {}));
}

TEST_CASE("look_ahead says what is wrong") {
    CHECK_THROWS_WITH(with({.every = 0}, 3), Contains("every 0 steps, at least 1"));
    CHECK_THROWS_WITH(with({.every = 2, .rate = 1.5}, 3),
                      Contains("rate must be in 0 .. 1, got 1.5 after step 2"));
}
