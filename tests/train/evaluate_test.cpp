#include <strata/core/error.hpp>
#include <strata/layers/dense.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/network/network.hpp>
#include <strata/train/evaluate.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// A sample is one number and its target; outputs are what the test wrote into the row of that number.
struct oracle {
    using value_type = float;
    static constexpr shape input_shape{1, 1, 1}, output_shape{1, 1, 3};
    static constexpr strata::index output_size = 3;
    std::vector<std::array<float, 3>> answers;

    void forward(const float* x, float* y, strata::index batch, workspace&) const {
        for (strata::index i = 0; i < batch; ++i)
            std::copy_n(answers[static_cast<std::size_t>(x[i])].begin(), 3, y + 3 * i);
    }
};

labelled numbered(const std::vector<std::int32_t>& labels) {
    auto x = tensor<float, 4>::from_shape({labels.size(), 1, 1, 1});
    auto y = tensor<std::int32_t, 1>::from_shape({labels.size()});
    for (std::size_t i = 0; i < labels.size(); ++i) {
        x(i, 0, 0, 0) = static_cast<float>(i);
        y(i) = labels[i];
    }
    return {std::move(x), std::move(y)};
}

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

} // namespace

TEST_CASE("evaluate counts what is right, in whatever batches", "[evaluate]") {
    const oracle net{{{3, 1, 2}, {3, 1, 2}, {3, 1, 2}, {0, 0, 0}, {0, 0, 0}, {1, 5, 5}, {-1, -2, -3}}};
    const labelled data = numbered({0, 1, 2, 0, 2, 2, 0});
    const strata::index batch = GENERATE(1, 2, 3, 7, 500);
    const evaluation e = evaluate(net, data, softmax_cross_entropy{}, {.batch_size = batch, .k = 2});
    CHECK(e.has_labels);
    CHECK(e.samples == 7);
    CHECK(e.errors == 4);
    CHECK(e.accuracy == Approx(3. / 7));
    CHECK(e.top_k == Approx(5. / 7)); // not sample 1, which is last, and not sample 4: the earlier of equals
    CHECK(e.confusion == tensor<std::int64_t, 2>{{3, 0, 0}, {1, 0, 0}, {2, 1, 0}});
    double loss = 0;
    for (std::size_t i = 0; i < 7; ++i) {
        double total = 0;
        for (const float z : net.answers[i]) total += std::exp(static_cast<double>(z));
        loss += std::log(total)
                - static_cast<double>(net.answers[i][static_cast<std::size_t>(data.targets(0)[i])]);
    }
    CHECK(e.loss == Approx(loss / 7).epsilon(1e-6));
}

TEST_CASE("the confusion matrix has the classes' counts as rows and the accuracy on its diagonal",
          "[evaluate]") {
    network net{input<2>{}, dense<4>{}};
    const labelled data = clouds(103, 4);
    const evaluation e = evaluate(net, data);
    std::int64_t right = 0;
    for (std::size_t k = 0; k < 4; ++k) {
        std::int64_t count = 0;
        for (std::size_t guess = 0; guess < 4; ++guess) count += e.confusion(k, guess);
        CHECK(count == (k < 3 ? 26 : 25));
        right += e.confusion(k, k);
    }
    CHECK(e.accuracy == static_cast<double>(right) / 103);
    CHECK(e.errors == 103 - right);
    CHECK(e.top_k == 1); // all four classes are among the first five
}

TEST_CASE("an output that is NaN is an error, whatever the label", "[evaluate]") {
    const oracle net{
        {{not_a_number, not_a_number, not_a_number}, {not_a_number, 1, 2}, {1, 2, not_a_number}, {5, 0, 0}}};
    const evaluation e = evaluate(net, numbered({0, 0, 1, 0}), softmax_cross_entropy{}, {.k = 3});
    CHECK(std::isnan(e.loss));
    CHECK(e.errors == 3);
    CHECK(e.accuracy == 0.25);
    CHECK(e.top_k == 0.25);
    CHECK(e.confusion == tensor<std::int64_t, 2>{{1, 0, 0}, {0, 0, 0}, {0, 0, 0}});
}

TEST_CASE("rows of targets have a loss and no accuracy", "[evaluate]") {
    network net{input<2>{}, dense<1>{}};
    std::fill(net.values().begin(), net.values().end(), 0.f);
    const rows data = plane(50);
    double expected = 0;
    for (strata::index i = 0; i < 50; ++i) expected += std::pow(data.targets(0)[i], 2) / 50;
    const evaluation e = evaluate(net, data, mean_squared_error{}, {.batch_size = 7});
    CHECK_FALSE(e.has_labels);
    CHECK(e.loss == Approx(expected).epsilon(1e-6));
    CHECK(e.confusion.size() == 0);
}

TEST_CASE("better is more accurate, or of less loss where there are no labels", "[evaluate]") {
    const evaluation a{.loss = 9, .has_labels = true, .accuracy = 0.6},
        b{.loss = 1, .has_labels = true, .accuracy = 0.5};
    CHECK(a.better_than(b));
    CHECK_FALSE(b.better_than(a));
    CHECK_FALSE(a.better_than(a));
    const evaluation low{.loss = 1}, high{.loss = 2}, none{.loss = std::nan("")};
    CHECK(low.better_than(high));
    CHECK_FALSE(high.better_than(low));
    CHECK(high.better_than(none));
    CHECK_FALSE(none.better_than(high));
    CHECK_FALSE(none.better_than(none));
}

TEST_CASE("evaluate takes double from bytes and flat samples from images", "[evaluate]") {
    network net{input_of<double, 4>{}, dense<2>{}};
    auto x = tensor<std::uint8_t, 4>::from_shape({3, 2, 2, 1});
    std::fill(x.begin(), x.end(), std::uint8_t{255});
    const data::dataset<> images(x, tensor<std::uint8_t, 1>{0, 1, 1});
    CHECK(evaluate(net, images).samples == 3);
}

TEST_CASE("evaluate says what does not fit", "[evaluate]") {
    network net{input<2>{}, dense<3>{}};
    const auto says = [](const auto& act) { return message<argument_error>(act); };
    CHECK(says([&] { evaluate(net, clouds(12, 5)); })
          == "label 3 at position 3 of the batch is not in 0 .. 2: the network has 3 outputs");
    CHECK(says([&] {
              evaluate(net, labels_of({0, 1}));
          })
          == "evaluate: the network takes samples of 2, the data has 1");
    CHECK(says([&] { evaluate(net, clouds(9, 3).slice(4, 0)); })
          == "evaluate: the data set has 0 samples, at least 1 is needed");
    CHECK(says([&] { evaluate(net, clouds(9, 3), softmax_cross_entropy{}, {.batch_size = 0}); })
          == "a batch size of 0, at least 1 is needed");
    CHECK(says([&] { evaluate(net, clouds(9, 3), softmax_cross_entropy{}, {.k = 0}); })
          == "evaluate: top_k with k = 0, at least 1 is needed");
    CHECK(says([&] { evaluate(net, plane(5), mean_squared_error{}); })
          == "a batch of 5 samples with 3 outputs needs 15 target values: got 5");
}
