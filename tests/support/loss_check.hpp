#pragma once

#include <strata/core/random.hpp>
#include <strata/loss/loss.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "support/golden.hpp"

namespace strata::testing {

/// Holds a loss and its gradient against the golden case of this name; without a gradient, the same loss.
template <class Loss> void check_golden_loss(const Loss& loss, const std::string& name) {
    CAPTURE(name);
    const json& c = golden("losses.json").at(name);
    const auto batch = c.at("batch").get<strata::index>(), outputs = c.at("outputs").get<strata::index>();
    const auto z = numbers(c.at("output"));
    const auto run = [&](const auto& targets) {
        using target = typename std::decay_t<decltype(targets)>::value_type;
        const std::span<const target> t = targets;
        std::vector<double> gradient(z.size(), std::numeric_limits<double>::quiet_NaN());
        const double value = loss(z.data(), t, gradient.data(), batch, outputs);
        CHECK(value == Approx(c.at("loss").get<double>()).epsilon(1e-13));
        check_close(gradient, c.at("gradient"));
        CHECK(loss(z.data(), t, static_cast<double*>(nullptr), batch, outputs) == value);
    };
    if (c.contains("labels")) {
        if constexpr (Loss::accepts_labels)
            run(numbers<label>(c.at("labels")));
        else
            FAIL("the loss takes no labels");
    } else {
        if constexpr (Loss::accepts_rows)
            run(numbers(c.at("rows")));
        else
            FAIL("the loss takes no rows");
    }
}

/// `count` uniform numbers in low .. high.
inline std::vector<double> loss_numbers(strata::index count, std::uint64_t seed, double low, double high) {
    std::vector<double> values(static_cast<std::size_t>(count));
    const random_source random{seed, 5};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = low + (high - low) * random.uniform(i);
    return values;
}

/// Labels 0, 3, 6, ... modulo the number of outputs.
inline std::vector<label> loss_labels(strata::index batch, strata::index outputs) {
    std::vector<label> labels(static_cast<std::size_t>(batch));
    for (std::size_t i = 0; i < labels.size(); ++i)
        labels[i] = static_cast<label>(3 * i % static_cast<std::size_t>(outputs));
    return labels;
}

/// Holds the gradient, poisoned first, against central differences of the loss, in double.
template <class Loss, class Target>
void check_loss_gradient(const Loss& loss, const std::vector<Target>& targets, strata::index batch,
                         strata::index outputs, double spread = 2) {
    CAPTURE(batch, outputs);
    auto z = loss_numbers(batch * outputs, 42, -spread, spread);
    const std::span<const Target> t = targets;
    std::vector<double> gradient(z.size(), std::numeric_limits<double>::quiet_NaN());
    loss(z.data(), t, gradient.data(), batch, outputs);
    constexpr double h = 1e-5;
    double worst = 0, largest = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
        const auto at = [&](double value) {
            const double before = z[i];
            z[i] = value;
            const double l = loss(z.data(), t, static_cast<double*>(nullptr), batch, outputs);
            z[i] = before;
            return l;
        };
        const double numeric = (at(z[i] + h) - at(z[i] - h)) / (2 * h);
        REQUIRE(std::isfinite(gradient[i]));
        worst = std::max(worst, std::abs(numeric - gradient[i]));
        largest = std::max(largest, std::abs(gradient[i]));
    }
    CHECK(worst < 1e-9);
    CHECK(largest > 0);
}

/// Same bits from 1 and from 3 threads, on a batch large enough to be cut.
template <class Loss, class Target>
void check_loss_threads(const Loss& loss, const std::vector<Target>& targets, strata::index batch,
                        strata::index outputs) {
    const int before = threads();
    const auto wide = loss_numbers(batch * outputs, 43, -4, 4);
    const std::vector<double> z(wide.begin(), wide.end());
    std::vector<double> one(z.size()), three(z.size());
    threads(1);
    const double a = loss(z.data(), std::span<const Target>(targets), one.data(), batch, outputs);
    threads(3);
    const double b = loss(z.data(), std::span<const Target>(targets), three.data(), batch, outputs);
    threads(before);
    CHECK(a == b);
    CHECK(one == three);
}

/// The message of the argument_error that f throws; fails if it throws nothing or something else.
template <class F> std::string argument_message(const F& f) {
    try {
        f();
    } catch (const argument_error& e) { return e.what(); }
    FAIL("no argument_error");
    return {};
}

/// Empty batches and wrong numbers of rows throw before anything is written.
template <class Loss> void check_bad_rows(const Loss& loss) {
    const std::vector<double> z(6, 0.5), rows(5, 1.0);
    std::vector<double> gradient(6, -7);
    const std::span<const double> t = rows;
    const auto wrong = argument_message([&] { loss(z.data(), t, gradient.data(), 2, 3); });
    CHECK(wrong.find("needs 6 target values: got 5") != std::string::npos);
    const auto none = argument_message([&] { loss(z.data(), t.first(0), gradient.data(), 0, 3); });
    CHECK(none.find("the batch has 0") != std::string::npos);
    CHECK(gradient == std::vector<double>(6, -7));
}

/// Empty batches, wrong numbers of labels and labels out of range throw before anything is written.
template <class Loss> void check_bad_labels(const Loss& loss) {
    const std::vector<double> z(9, 0.5);
    std::vector<double> gradient(9, -7);
    const auto message = [&](std::vector<label> labels, strata::index batch) {
        return argument_message(
            [&] { loss(z.data(), std::span<const label>(labels), gradient.data(), batch, 3); });
    };
    CHECK(message({0, 2, 3}, 3)
          == "label 3 at position 2 of the batch is not in 0 .. 2: the network has 3 outputs");
    CHECK(message({0, -1, 2}, 3)
          == "label -1 at position 1 of the batch is not in 0 .. 2: the network has 3 outputs");
    CHECK(message({0, 1}, 3) == "a batch of 3 samples needs as many labels: got 2");
    CHECK(message({}, 0) == "a loss needs at least one sample: the batch has 0");
    CHECK(gradient == std::vector<double>(9, -7));
}

} // namespace strata::testing
