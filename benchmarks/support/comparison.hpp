#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/options.hpp"

namespace bench {

/// One of several ways to do the same thing.
struct way {
    std::string variant;
    std::function<void()> call;
};

/// Something that can be done in several ways.
struct subject {
    std::string name; ///< a layer of a model (M7.c2) or a shape
    std::string what; ///< fwd, bwd_data, bwd_weights, update, ...
    int batch = 0;
    double flop = 0;  ///< multiplications and additions of one call, where they are what it is about
    double bytes = 0; ///< bytes that one call must read or write, where they are
    /// The ways, with their arrays; called when their turn comes, after strata::threads(n).
    std::function<std::vector<way>()> ways;
    double footprint = 0; ///< different bytes among them; 0: all are
};

/// What the library chooses by itself, among other ways to do the same.
inline constexpr const char* automatic = "automatic";

/// A program around Google Benchmark that goes through subjects: their ways are timed in random order,
/// several times each, and their medians reported like those of all other programs here. Returns main's
/// value.
int compare(int argc, char** argv, const std::string& description, const std::vector<subject>& subjects);

} // namespace bench
