#include <strata/core/error.hpp>
#include <strata/core/parallel.hpp>
#include <strata/data/transforms/alternating_flip.hpp>
#include <strata/data/transforms/random_crop.hpp>
#include <strata/data/transforms/standardise.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/relu.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/adam.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/train/callbacks/evaluate_on.hpp>
#include <strata/train/fit.hpp>

#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "data/transforms/images.hpp"
#include "samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

auto small_network() {
    return network{input<2>{}, dense<8>{}, batch_norm{}, relu{}, dropout{.rate = 0.2f}, dense<3>{}};
}
using small = decltype(small_network());

/// Samples large enough for the background thread to be used: a cloud, and zeros.
labelled wide_clouds(std::size_t count) {
    auto x = tensor<float, 4>::from_shape({count, 1, 1, 5'000});
    auto y = tensor<std::int32_t, 1>::from_shape({count});
    std::fill(x.begin(), x.end(), 0.f);
    for (std::size_t i = 0; i < count; ++i) {
        y(i) = static_cast<std::int32_t>(i % 3);
        for (std::size_t k = i % 3; k < 5'000; k += 3) x(i, 0, 0, k) = 0.01f;
    }
    return {std::move(x), std::move(y)};
}

/// Which of its members were called, with the step.
struct diary {
    std::string name;
    std::vector<std::string>* pages;

    void write(const char* what, strata::index step) {
        pages->push_back(name + ' ' + what + ' ' + std::to_string(step));
    }
    template <class Run> void begin(Run& run) { write("begin", run.step()); }
    template <class Run> void step(Run& run) { write("step", run.step()); }
    template <class Run> void epoch(Run& run) { write("epoch", run.step()); }
    template <class Run> void end(Run& run) { write("end", run.step()); }
    template <class Run> void failed(Run& run) { write("failed", run.step()); }
};
struct reporting_diary : diary {
    static constexpr bool reports = true;
};

std::ptrdiff_t threads_of_this_process() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         std::filesystem::directory_iterator());
}

} // namespace

TEST_CASE("steps, epochs or both say how long fit trains", "[fit]") {
    const labelled data = clouds(50, 3);
    const auto steps = [&](const fit_options& o) {
        auto net = small_network();
        return fit(net, data, softmax_cross_entropy{}, adam{}, o).steps;
    };
    CHECK(steps({.batch_size = 16, .steps = 9}) == 9);
    CHECK(steps({.batch_size = 16, .epochs = 3}) == 12); // 16 + 16 + 16 + 2
    CHECK(steps({.batch_size = 16, .epochs = 3, .drop_last = true}) == 9);
    CHECK(steps({.batch_size = 16, .steps = 5, .epochs = 3}) == 5);
    CHECK(steps({.batch_size = 16, .steps = 500, .epochs = 3}) == 12);
    CHECK(steps({.batch_size = 500, .epochs = 3}) == 3);
}

TEST_CASE("every sample is seen once an epoch, short last batches too", "[fit]") {
    const labelled data = clouds(50, 3);
    auto net = small_network();
    std::vector<strata::index> samples, epochs;
    fit(net, data, softmax_cross_entropy{}, adam{}, {.batch_size = 16, .epochs = 2}, [&](auto& run) {
        samples.push_back(run.last.samples);
        epochs.push_back(run.epoch());
    });
    CHECK(samples == std::vector<strata::index>{16, 16, 16, 2, 16, 16, 16, 2});
    CHECK(epochs == std::vector<strata::index>{1, 1, 1, 1, 2, 2, 2, 2});
}

TEST_CASE("fit says what is wrong with options and data", "[fit]") {
    auto net = small_network();
    const auto before = copy_of(net.values());
    const auto says = [&](const auto& data, const fit_options& o) {
        return message<argument_error>([&] { fit(net, data, softmax_cross_entropy{}, adam{}, o); });
    };
    CHECK(says(clouds(9, 3), {}) == "fit: give at least 1 step or 1 epoch, not 0 and 0");
    CHECK(says(clouds(9, 3), {.steps = -1}) == "fit: give at least 1 step or 1 epoch, not -1 and 0");
    CHECK(says(clouds(9, 3), {.steps = -1, .epochs = 1})
          == "fit: give at least 1 step or 1 epoch, not -1 and 1");
    CHECK(says(clouds(9, 3), {.batch_size = 0, .steps = 1}) == "a batch size of 0, at least 1 is needed");
    CHECK(says(clouds(9, 3).slice(0, 0), {.steps = 1})
          == "batches of 32 need a data set of at least 1 samples, this one has 0");
    CHECK(says(clouds(9, 3), {.steps = 1, .drop_last = true})
          == "batches of 32 need a data set of at least 32 samples, this one has 9");
    CHECK(says(clouds(9, 3), {.steps = 1, .l2 = -1}).starts_with("trainer: l2 must be"));
    CHECK(says(labels_of({0, 1}), {.steps = 1}) == "fit: the network takes samples of 2, the data has 1");
    CHECK(says(clouds(9, 5), {.steps = 9})
              .ends_with("of the batch is not in 0 .. 2: the network has 3 outputs"));
    CHECK(copy_of(net.values()) == before);

    trainer worker(net, softmax_cross_entropy{}, adam{});
    CHECK(message<argument_error>([&] { fit(worker, clouds(9, 3), {.steps = 1, .l2 = 0.5}); })
          == "fit: l2 is 0.5 in the options, but 0 in the trainer, which decides: give it there");
    CHECK_THROWS_AS(fit(worker, clouds(9, 3), {.steps = 1, .average = moving_average{}}), argument_error);
}

TEST_CASE("a run in parts has the bits of the whole, with one thread or two", "[fit]") {
    const bool wide = GENERATE(false, true);
    const labelled data = wide ? wide_clouds(50) : clouds(50, 3);
    const auto check = [&](auto net) {
        const training_terms terms{.l2 = 1e-4, .average = moving_average{}, .seed = 3};
        const auto options = [](strata::index steps) {
            return fit_options{.batch_size = 32, .steps = steps, .seed = 3};
        };
        auto whole = net, parts = net, easy = net;
        const int before = threads();
        threads(1);
        trainer once(whole, softmax_cross_entropy{}, adam{}, terms);
        fit(once, data, options(11));
        threads(2);
        trainer twice(parts, softmax_cross_entropy{}, adam{}, terms);
        CHECK(fit(twice, data, options(3)).steps == 3);
        twice.evaluate(data);
        CHECK(fit(twice, data, options(3)).steps == 3); // nothing to do
        CHECK(fit(twice, data, options(11)).steps == 11);
        threads(before);
        CHECK(copy_of(parts.values()) == copy_of(whole.values()));
        CHECK(copy_of(parts.state()) == copy_of(whole.state()));
        CHECK(copy_of(twice.parameters()) == copy_of(once.parameters()));
        CHECK(copy_of(whole.values()) == copy_of(once.average()));

        fit(easy, data, softmax_cross_entropy{}, adam{},
            {.batch_size = 32, .steps = 11, .seed = 3, .l2 = 1e-4, .average = moving_average{}});
        CHECK(copy_of(easy.values()) == copy_of(whole.values()));
    };
    if (wide)
        check(network{input<5'000>{}, dense<3>{}});
    else
        check(small_network());
}

TEST_CASE("what fit makes of its batches is what a loop of one's own would", "[fit]") {
    const labelled data = clouds(50, 3);
    auto net = small_network(), own = net;
    fit(net, data, softmax_cross_entropy{}, adam{}, {.batch_size = 16, .steps = 10, .seed = 7});
    trainer worker(own, softmax_cross_entropy{}, adam{}, {.seed = 7});
    data::batches source(data, {.size = 16, .seed = 7});
    auto batch = source.make<float>();
    for (strata::index step = 0; step < 10; ++step) {
        source.fill(step, batch);
        worker.step(batch);
    }
    CHECK(copy_of(net.values()) == copy_of(own.values()));
}

TEST_CASE("augmented batches have the same bits from the background thread, on the spot and in parts",
          "[fit]") {
    const auto images = noise(300, {8, 9, 3});
    const auto train = images.with(standardise::of(images), random_crop{.padding = 2}, alternating_flip{});
    const strata::index size = GENERATE(5, 200); // 10,800 and 432,000 numbers with what transforms count
    const fit_options options{.batch_size = size, .steps = 9, .seed = 4};
    network net{input<8, 9, 3>{}, flatten{}, dense<4>{}};
    auto parts = net, own = net, plain = net;
    const int threads_before = threads();
    threads(1);
    const auto before = threads_of_this_process();
    std::ptrdiff_t during = 0;
    fit(net, train, softmax_cross_entropy{}, sgd{}, options,
        [&](auto&) { during = threads_of_this_process() - before; });
    CHECK(during == (size == 200 ? 1 : 0));
    threads(2);
    trainer worker(parts, softmax_cross_entropy{}, sgd{}, {.seed = 4});
    fit(worker, train, {.batch_size = size, .steps = 4, .seed = 4});
    fit(worker, train, options);
    threads(threads_before);
    CHECK(copy_of(parts.values()) == copy_of(net.values()));

    trainer by_hand(own, softmax_cross_entropy{}, sgd{}, {.seed = 4});
    data::batches source(train, {.size = size, .seed = 4});
    auto batch = source.make<float>();
    for (strata::index step = 0; step < 9; ++step) {
        source.fill(step, batch);
        by_hand.step(batch);
    }
    CHECK(copy_of(own.values()) == copy_of(net.values()));
    fit(plain, images, softmax_cross_entropy{}, sgd{}, options);
    CHECK(copy_of(plain.values()) != copy_of(net.values()));
}

TEST_CASE("callbacks are called in order, those that report behind the others", "[fit]") {
    std::vector<std::string> pages;
    auto net = network{input<2>{}, dense<3>{}};
    diary b{"b", &pages};
    std::optional<diary> there{diary{"o", &pages}}, none;
    fit(net, clouds(8, 3), softmax_cross_entropy{}, sgd{}, {.batch_size = 4, .steps = 3},
        reporting_diary{{"r", &pages}}, b, there, none);
    CHECK(pages
          == std::vector<std::string>{"b begin 0", "o begin 0", "r begin 0", "b step 1", "o step 1",
                                      "r step 1", "b step 2", "o step 2", "b epoch 2", "o epoch 2",
                                      "r step 2", "r epoch 2", "b step 3", "o step 3", "r step 3", "b end 3",
                                      "o end 3", "r end 3"});
}

TEST_CASE("a callback can stop the run", "[fit]") {
    auto net = small_network();
    const auto stop_at = [](strata::index step) {
        return [step](auto& run) {
            if (run.step() == step) run.stop("enough");
        };
    };
    const fit_result r =
        fit(net, clouds(50, 3), softmax_cross_entropy{}, adam{}, {.steps = 100}, stop_at(7), stop_at(7));
    CHECK(r.steps == 7);
    CHECK(r.stopped_by == "enough");
    CHECK_FALSE(r.interrupted);
}

TEST_CASE("an exception in a callback ends the run and leaves no thread behind", "[fit]") {
    threads(1);
    const labelled data = wide_clouds(50); // its batches come from the background thread
    const auto before = threads_of_this_process();
    std::vector<std::string> pages;
    std::ptrdiff_t during = 0;
    network net{input<5'000>{}, dense<3>{}};
    const auto fail_at = [&](strata::index step) {
        return [step, &during](auto& run) {
            during = threads_of_this_process();
            if (run.step() == step) throw std::runtime_error("no more");
        };
    };
    CHECK(message<std::runtime_error>([&] {
              fit(net, data, softmax_cross_entropy{}, adam{}, {.steps = 100}, fail_at(3), diary{"d", &pages});
          })
          == "no more");
    CHECK(pages == std::vector<std::string>{"d begin 0", "d step 1", "d step 2", "d epoch 2", "d failed 3"});
    CHECK(during == before + 1);
    CHECK(threads_of_this_process() == before);
}

TEST_CASE("divergence names step, rate and cause, and leaves the network as the step before did", "[fit]") {
    threads(1);
    const auto before = threads_of_this_process();
    network net{input<2>{}, dense<8>{}, relu{}, dense<1>{}};
    std::vector<std::vector<float>> history{copy_of(net.values())};
    const std::string text = message<divergence_error>([&] {
        fit(net, plane(64), mean_squared_error{}, sgd{50.0}, {.steps = 1'000},
            [&](auto& run) { history.push_back(copy_of(run.trainer.net().values())); });
    });
    INFO(text);
    const std::string step = std::to_string(history.size());
    CHECK(text.starts_with("the loss is "));
    CHECK(text.find(" in step " + step + " at learning rate 50: ") != std::string::npos);
    CHECK(text.ends_with("try a smaller rate, or clip_norm"));
    CHECK(history.size() > 2);
    CHECK(history.size() < 100);
    const auto now = copy_of(net.values()); // bit by bit: NaN equals NaN
    CHECK(std::memcmp(now.data(), history.back().data(), now.size() * sizeof(float)) == 0);
    CHECK(threads_of_this_process() == before);
}

TEST_CASE("Ctrl-C finishes the step and the old handler is back", "[fit]") {
    static volatile std::sig_atomic_t caught = 0;
    const auto previous = std::signal(SIGINT, [](int) { caught = caught + 1; });
    std::vector<std::string> pages;
    auto net = small_network();
    const strata::index press_at = GENERATE(2, 4);
    const fit_result r = fit(
        net, clouds(8, 3), softmax_cross_entropy{}, adam{}, {.batch_size = 4, .steps = 100},
        [&](auto& run) {
            if (run.step() == press_at) std::raise(SIGINT);
        },
        diary{"d", &pages});
    CHECK(r.interrupted);
    CHECK(r.stopped_by == "Ctrl-C");
    CHECK(r.steps == press_at);
    CHECK(pages.back() == "d end " + std::to_string(press_at));
    CHECK(caught == 0);
    std::raise(SIGINT);
    CHECK(caught == 1);
    caught = 0;
    std::signal(SIGINT, previous);
}

TEST_CASE("fit trains in double and on rows of targets", "[fit]") {
    network net{input_of<double, 2>{}, dense<1>{}};
    const rows data = plane(64);
    const fit_result r =
        fit(net, data, mean_squared_error{}, adam{0.02}, {.batch_size = 16, .epochs = 200, .seed = 1});
    CHECK_FALSE(r.last.has_labels);
    CHECK(r.last.loss < 1e-4);
    CHECK(evaluate(net, data, mean_squared_error{}).loss < 1e-4);
}
