#pragma once

#include <strata/core/shape.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <functional>
#include <numbers>
#include <type_traits>
#include <utility>
#include <vector>

namespace strata {

/// A learning rate as a function of the step, which counts from 0: made from a number, from one of the
/// formulas below, or from any callable index -> double. Evaluating it allocates nothing.
class schedule {
public:
    template <class Number>
        requires std::is_arithmetic_v<Number> schedule(Number value)
            : schedule([v = static_cast<double>(value)](index) { return v; }) {}

        template <class Function>
            requires(
                !std::same_as<
                    std::remove_cvref_t<Function>,
                    schedule> && std::is_invocable_r_v<double, const std::remove_cvref_t<Function>&, index>)
        schedule(Function&& function) : m_function(std::forward<Function>(function)) {}

        double operator()(index step) const {
            return m_function(step);
        }

    private:
        std::function<double(index)> m_function;
};

/// floor + initial rate^(t / steps); with `staircase` the exponent is rounded down. The default rate makes it
/// floor + initial exp(-t / steps). TensorFlow's exponential_decay, with a floor.
struct exponential_decay {
    double initial = 1e-3, floor = 0;
    double rate = 1 / std::numbers::e;
    index steps = 1000;
    bool staircase = false;

    double operator()(index step) const {
        const double passed = static_cast<double>(step) / static_cast<double>(steps);
        return floor + initial * std::pow(rate, staircase ? std::floor(passed) : passed);
    }
};

/// initial factor^n, n = how many of the steps in `at` have been reached. PyTorch's MultiStepLR. (A drop
/// every N steps is exponential_decay{.rate = factor, .steps = N, .staircase = true}.)
struct step_decay {
    double initial = 1e-3, factor = 0.1;
    std::vector<index> at{};

    double operator()(index step) const {
        const auto reached = std::count_if(at.begin(), at.end(), [&](index s) { return s <= step; });
        return initial * std::pow(factor, static_cast<double>(reached));
    }
};

/// floor + (initial - floor) (1 + cos(pi t / steps)) / 2, and floor after `steps`: Loshchilov and Hutter,
/// "SGDR", 2017, equation 5 without restarts; PyTorch's CosineAnnealingLR.
struct cosine {
    double initial = 1e-3, floor = 0;
    index steps = 1000;

    double operator()(index step) const {
        const double t = static_cast<double>(std::min(step, steps)) / static_cast<double>(steps);
        return floor + (initial - floor) * (1 + std::cos(std::numbers::pi * t)) / 2;
    }
};

/// A straight rise in front of any schedule: then(0) (t + 1) / (steps + 1) while t < steps, then(t - steps)
/// from there on. Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2.
struct warm_up {
    index steps = 100;
    schedule then = 1e-3;

    double operator()(index step) const {
        if (step >= steps) return then(step - steps);
        return then(0) * static_cast<double>(step + 1) / static_cast<double>(steps + 1);
    }
};

/// A straight line from start * peak up to peak over the first `rise` of the steps, then one down to end *
/// peak at the last of them. The last value stays. Smith, "Cyclical learning rates", 2017, of one cycle.
struct triangle {
    double peak = 1e-2;
    index steps = 1000;
    double rise = 0.2, start = 0, end = 0;

    double operator()(index step) const {
        const auto last = static_cast<double>(std::max<index>(steps - 1, 1));
        const double t = std::min(static_cast<double>(step) / last, 1.0);
        const double part = t < rise ? start + (1 - start) * t / rise
                                     : end + (1 - end) * (rise < 1 ? (1 - t) / (1 - rise) : 1);
        return peak * part;
    }
};

/// Up from peak / start_divisor to peak over the first `rise` of the steps, then down to
/// peak / (start_divisor end_divisor) at the last of them, both along half a cosine: Smith and Topin,
/// "Super-convergence", 2018, with the numbers of PyTorch's OneCycleLR. The last value stays.
struct one_cycle {
    double peak = 1e-2;
    index steps = 1000;
    double rise = 0.3, start_divisor = 25, end_divisor = 1e4;

    double operator()(index step) const {
        const double start = peak / start_divisor, end = start / end_divisor;
        const double turn = rise * static_cast<double>(steps) - 1;
        const auto last = static_cast<double>(steps - 1);
        const double t = std::min(static_cast<double>(step), last);
        if (t <= turn) return turn > 1e-6 ? between(start, peak, t / turn) : peak; // 0 may be rounded
        return between(peak, end, (t - turn) / (last - turn));
    }

private:
    static double between(double from, double to, double part) {
        return to + (from - to) * (1 + std::cos(std::numbers::pi * part)) / 2;
    }
};

} // namespace strata
