#pragma once

#include <functional>
#include <vector>

#include "support/options.hpp"

namespace bench {

/// Seconds on a clock that only goes forward.
double now();

/// What the blocks of one measurement took, per call.
struct timing {
    double median_us = 0, min_us = 0;
    long calls = 0; ///< in all blocks together
};

/// The median of some numbers, the mean of the middle two where their count is even.
double median(std::vector<double> values);

/// Times calls of several alternatives in turn, a block of at least `block` seconds of each, so that a slow
/// spell of the machine meets all of them; for options.budget seconds and options.min_samples blocks each.
std::vector<timing> measure(const std::vector<std::function<void()>>& alternatives, const options& o,
                            double block);
timing measure(const std::function<void()>& call, const options& o, double block);

} // namespace bench
