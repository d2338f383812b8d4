#include <strata/core/error.hpp>
#include <strata/core/parallel.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/relu.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/adam.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/train/trainer.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

auto network_with_state() {
    return network{input<2>{}, dense<6>{}, batch_norm{}, relu{}, dropout{.rate = 0.2f}, dense<3>{}};
}

/// A batch of the first samples.
template <class Dataset> auto batch_of(const Dataset& data, strata::index size) {
    data::batches source(data, {.size = size, .shuffle = false});
    auto batch = source.template make<float>();
    source.fill(0, batch);
    return batch;
}

} // namespace

TEST_CASE("a step is gradient descent on the loss", "[trainer]") {
    network net{input<2>{}, dense<1>{}};
    const auto before = copy_of(net.values());
    trainer worker(net, mean_squared_error{}, sgd{0.25});
    const rows data = plane(1);
    const step_result r = worker.step(batch_of(data, 1));
    const float x0 = data.samples(0)[0], x1 = data.samples(0)[1];
    const auto w = net.layer<0>().weight.value;
    const float w0 = before[0], w1 = before[1];
    const float error = w0 * x0 + w1 * x1 - data.targets(0)[0];
    CHECK(r.loss == Approx(error * error).epsilon(1e-5));
    CHECK_FALSE(r.has_labels);
    CHECK(r.learning_rate == 0.25);
    CHECK(r.samples == 1);
    CHECK(w(0, 0) == Approx(w0 - 0.5f * error * x0).epsilon(1e-5));
    CHECK(w(1, 0) == Approx(w1 - 0.5f * error * x1).epsilon(1e-5));
    CHECK(worker.steps() == 1);
}

TEST_CASE("a step reports the accuracy of its batch before the update", "[trainer]") {
    auto net = network{input<2>{}, dense<3>{}};
    const labelled data = clouds(30, 3);
    const double before = evaluate(net, data).accuracy;
    trainer worker(net, softmax_cross_entropy{}, sgd{});
    const step_result r = worker.step(batch_of(data, 30));
    CHECK(r.has_labels);
    CHECK(r.accuracy == before);
}

TEST_CASE("weights above the norm are clipped, and decay and l2 act", "[trainer]") {
    const rows data = plane(8);
    const auto moved = [&](const training_terms& terms) {
        network net{input<2>{}, dense<1>{}};
        const auto before = copy_of(net.values());
        trainer worker(net, mean_squared_error{}, sgd{1.0}, terms);
        worker.step(batch_of(data, 8));
        double sum = 0;
        for (std::size_t i = 0; i < before.size(); ++i)
            sum += std::pow(static_cast<double>(net.values()[i] - before[i]), 2);
        return std::sqrt(sum);
    };
    const double free = moved({});
    REQUIRE(free > 0.01);
    CHECK(moved({.clip_norm = 0.01}) == Approx(0.01).epsilon(1e-4));
    CHECK(moved({.clip_norm = 100 * free}) == Approx(free));
    CHECK(moved({.l2 = 0.5}) != Approx(free));
    CHECK(moved({.weight_decay = 0.5}) == Approx(moved({.l2 = 0.5})).epsilon(1e-5)); // the same for plain sgd
}

TEST_CASE("a step that fails leaves parameters and state as they were", "[trainer]") {
    auto net = network_with_state();
    trainer worker(net, softmax_cross_entropy{}, adam{}, {.average = moving_average{}});
    const labelled data = clouds(12, 3);
    auto batch = batch_of(data, 12);
    for (int i = 0; i < 3; ++i) worker.step(batch);
    const auto values = copy_of(net.values()), state = copy_of(net.state()),
               average = copy_of(worker.average()), moments = copy_of(std::span<float>(worker.memory()[0]));
    const auto unchanged = [&] {
        return copy_of(net.values()) == values && copy_of(net.state()) == state
               && copy_of(worker.average()) == average
               && copy_of(std::span<float>(worker.memory()[0])) == moments && worker.steps() == 3;
    };

    SECTION("a sample that is not finite") {
        batch.x[5] = std::numeric_limits<float>::quiet_NaN();
        CHECK(message<divergence_error>([&] { worker.step(batch); })
              == "the loss is nan in step 4 at learning rate 0.001: element 1 of sample 2 of the batch is "
                 "nan");
        CHECK(unchanged());
        batch = batch_of(data, 12);
        worker.step(batch);
        CHECK(worker.steps() == 4);
    }
    SECTION("a label that the network has no output for") {
        batch.targets[7] = 3;
        CHECK(message<argument_error>([&] { worker.step(batch); })
              == "label 3 at position 7 of the batch is not in 0 .. 2: the network has 3 outputs");
        CHECK(unchanged());
    }
    SECTION("an empty batch") {
        batch.size = 0;
        CHECK(message<argument_error>([&] { worker.step(batch); })
              == "trainer: a batch needs at least 1 sample, it has 0");
        CHECK(unchanged());
    }
    SECTION("samples of another shape") {
        CHECK(message<argument_error>([&] {
                  worker.step(batch_of(labels_of({0, 1}), 2));
              })
              == "trainer: the network takes samples of 2, the data has 1");
        CHECK(unchanged());
    }
}

TEST_CASE("infinite logits and gradients that clipping meets are divergence", "[trainer]") {
    const labelled data = clouds(6, 3);
    const auto batch = batch_of(data, 6);
    network net{input<2>{}, dense<3>{}};
    SECTION("logits") {
        net.layer<0>().weight.value(0, 1) = std::numeric_limits<float>::infinity();
        const auto before = copy_of(net.values());
        trainer worker(net, softmax_cross_entropy{}, sgd{0.1});
        CHECK(message<divergence_error>([&] { worker.step(batch); })
              == "the loss is nan in step 1 at learning rate 0.1: parameters are not finite since the step "
                 "before: try a smaller rate, or clip_norm");
        CHECK(copy_of(net.values()) == before);
    }
    SECTION("gradients") {
        network deep{input<2>{}, dense<4>{}, dense<4>{}, dense<1>{}};
        std::fill(deep.values().begin(), deep.values().end(), 1e9f);
        const auto before = copy_of(deep.values());
        trainer worker(deep, mean_squared_error{}, sgd{0.1}, {.clip_norm = 1});
        const std::string text = message<divergence_error>([&] { worker.step(batch_of(plane(4), 4)); });
        CHECK(text.find(" in step 1 at learning rate 0.1: try a smaller rate, or clip_norm")
              != std::string::npos);
        CHECK(copy_of(deep.values()) == before);
    }
}

TEST_CASE("terms and learning rates must be numbers that make sense", "[trainer]") {
    network net{input<2>{}, dense<3>{}};
    const auto says = [&](const training_terms& terms) {
        return message<argument_error>([&] { trainer(net, softmax_cross_entropy{}, sgd{}, terms); });
    };
    CHECK(says({.l2 = -1}).starts_with("trainer: l2 must be in 0 .. "));
    CHECK(says({.weight_decay = std::nan("")}).ends_with("got nan"));
    CHECK(says({.clip_norm = std::numeric_limits<double>::infinity()}).ends_with("got inf"));
    CHECK(says({.average = moving_average{.decay = 1.5}})
          == "trainer: decay of the average must be in 0 .. 1, got 1.5");
    CHECK(message<argument_error>([&] { trainer(net, softmax_cross_entropy{}, sgd{.momentum = 3}); })
          == "sgd: momentum must be in 0 .. 1, got 3");
    trainer worker(net, softmax_cross_entropy{}, sgd{[](strata::index) { return std::nan(""); }});
    const auto before = copy_of(net.values());
    CHECK(message<argument_error>([&] { worker.step(batch_of(clouds(6, 3), 6)); })
          == "trainer: the learning rate of step 1 is nan, it must be finite and not negative");
    trainer uphill(net, softmax_cross_entropy{}, sgd{-0.5});
    CHECK(message<argument_error>([&] { uphill.step(batch_of(clouds(6, 3), 6)); })
          == "trainer: the learning rate of step 1 is -0.5, it must be finite and not negative");
    CHECK(copy_of(net.values()) == before);
}

TEST_CASE("evaluations use the average and give the parameters back", "[trainer]") {
    auto net = network_with_state();
    trainer worker(net, softmax_cross_entropy{}, adam{0.05}, {.average = moving_average{.decay = 0.9}});
    const labelled data = clouds(30, 3);
    for (int i = 0; i < 10; ++i) worker.step(batch_of(data, 30));
    const auto values = copy_of(net.values()), average = copy_of(worker.average());
    REQUIRE(values != average);

    auto averaged = net;
    std::copy(average.begin(), average.end(), averaged.values().begin());
    CHECK(worker.evaluate(data).loss == evaluate(averaged, data).loss);
    CHECK(copy_of(net.values()) == values);

    CHECK_THROWS_AS(worker.evaluate(clouds(30, 4)), argument_error);
    CHECK(copy_of(net.values()) == values);
    CHECK(copy_of(worker.average()) == average);

    worker.show_average();
    CHECK(copy_of(net.values()) == average);
    CHECK(copy_of(worker.average()) == average);
    CHECK(copy_of(worker.parameters()) == values);
    CHECK(worker.evaluate(data).loss == evaluate(averaged, data).loss);
    CHECK(copy_of(net.values()) == average);
    worker.show_average(false);
    CHECK(copy_of(net.values()) == values);
}

TEST_CASE("a trainer goes on where another one stood", "[trainer]") {
    const labelled data = clouds(30, 3);
    const auto batch = batch_of(data, 30);
    const training_terms terms{.l2 = 1e-3, .average = moving_average{}, .seed = 4};
    auto whole = network_with_state(), part = network_with_state();
    trainer all(whole, softmax_cross_entropy{}, adam{}, terms);
    for (int i = 0; i < 9; ++i) all.step(batch);

    trainer first(part, softmax_cross_entropy{}, adam{}, terms);
    for (int i = 0; i < 4; ++i) first.step(batch);
    auto moved = part;
    trainer second(moved, softmax_cross_entropy{}, adam{}, terms);
    second.continue_at(first.steps());
    std::copy(first.average().begin(), first.average().end(), second.average().begin());
    for (std::size_t s = 0; s < first.memory().size(); ++s) second.memory()[s] = first.memory()[s];
    for (int i = 0; i < 5; ++i) second.step(batch);
    CHECK(copy_of(moved.values()) == copy_of(whole.values()));
    CHECK(copy_of(moved.state()) == copy_of(whole.state()));
    CHECK(copy_of(second.average()) == copy_of(all.average()));
}
