#pragma once

#include <strata/core/shape.hpp>

#include <algorithm>

namespace strata {

/// An exponential moving average of the parameters, kept beside them during training:
///
///     average += (1 - d) (w - average),   d = decay, or min(decay, (1 + t) / (10 + t)) with num_updates
///
/// after step t, which counts from 0. The second form, TensorFlow's ExponentialMovingAverage(num_updates),
/// lets early averages move faster. The average begins as a copy of the parameters. A decay of 0 asks for
/// none.
struct moving_average {
    double decay = 0.99;
    bool num_updates = true;

    constexpr bool is_kept() const { return decay > 0; }

    /// 1 - d after step `step`: `average_rate` of an update.
    double rate(index step) const {
        const auto t = static_cast<double>(step);
        return 1 - (num_updates ? std::min(decay, (1 + t) / (10 + t)) : decay);
    }
};

} // namespace strata
