#pragma once

#include <strata/core/buffer.hpp>
#include <strata/optim/ema.hpp>
#include <strata/optim/update.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "support/golden.hpp"

namespace strata::testing {

/// The parameters after each of the golden steps, one step behind the other. They lie between poison, as one
/// span of kind::weight; the poison must be there afterwards.
template <class Optimizer>
std::vector<double> trajectory(const Optimizer& optimizer, const regulariser& regularise = {},
                               const std::optional<moving_average>& average = {}) {
    constexpr double poison = 1234.5;
    constexpr strata::index margin = 3;
    const json& file = golden("optimizers.json");
    const auto first = numbers(file.at("first")), gradients = numbers(file.at("gradients"));
    const auto size = static_cast<strata::index>(first.size());
    const auto steps = file.at("steps").get<strata::index>();

    const auto filled = [&](double value) {
        std::vector<double> out(margin, poison); // one by one: g++ 12 warns of a fill within the vector
        for (strata::index i = 0; i < size; ++i) out.push_back(value);
        out.insert(out.end(), margin, poison);
        return out;
    };
    auto w = filled(0), g = filled(0), mean = filled(0);
    std::copy(first.begin(), first.end(), w.begin() + margin);
    mean = w;
    std::vector<std::vector<double>> memory;
    std::vector<double*> slots;
    for (int s = 0; s < Optimizer::slots; ++s) memory.push_back(filled(first_value(optimizer, s)));
    for (auto& m : memory) slots.push_back(m.data());
    const parameter_span span{margin, size, kind::weight};

    std::vector<double> path;
    for (strata::index t = 0; t < steps; ++t) {
        std::copy_n(gradients.begin() + t * size, size, g.begin() + margin);
        update_terms terms{.step = t, .regularise = regularise};
        if (average) terms.average_rate = average->rate(t);
        update(optimizer,
               update_buffers<double>{w.data(), g.data(), slots, {&span, 1}, average ? mean.data() : nullptr},
               terms);
        const auto& from = average ? mean : w;
        path.insert(path.end(), from.begin() + margin, from.end() - margin);
    }
    memory.insert(memory.end(), {w, g, mean});
    for (const auto& m : memory)
        for (strata::index i = 0; i < margin; ++i)
            if (*(m.begin() + i) != poison || *(m.end() - 1 - i) != poison) FAIL("written outside the span");
    return path;
}

/// Holds 20 steps of an optimizer against the golden ones of this name.
template <class Optimizer>
void check_trajectory(const std::string& name, const Optimizer& optimizer, const regulariser& regularise = {},
                      const std::optional<moving_average>& average = {}) {
    CAPTURE(name);
    check_close(trajectory(optimizer, regularise, average),
                golden("optimizers.json").at("trajectories").at(name));
}

} // namespace strata::testing
