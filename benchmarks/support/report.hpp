#pragma once

#include <string>

#include "support/options.hpp"
#include "support/timing.hpp"

namespace bench {

/// One measurement: a line of output.
struct result {
    std::string name; ///< the case: a model (M1 .. M8), a layer of one (M7.c2) or a shape
    std::string what; ///< train, infer, fwd, bwd_data, bwd_weights, update, ...
    int batch = 0, threads = 1;
    timing time{};
    double flop = 0;              ///< multiplications and additions of one call; 0: not what it is about
    double bytes = 0;             ///< bytes that one call must read or write; 0: not what it is about
    double footprint = 0;         ///< different bytes among them; 0: all are
    std::string variant{};        ///< which of several ways
    std::string model{};          ///< the long name of a model
    std::string implementation{}; ///< what the library calls the kernel it chose
};

/// Prints results, as JSON lines or as a table, with their share of what the machine can do.
class report {
public:
    report(std::string peer, const options& o) : m_peer(std::move(peer)), m_options(o) {}

    /// Measures the FMA peak of so many threads, and prints it; percentages from here on refer to it.
    void begin(int threads);
    void add(const result& r);

private:
    std::string m_peer;
    const options& m_options;
    double m_peak = 0;
    bool m_has_header = false;

    void json(const result& r, double gflops, double gbs, double percent) const;
    void row(const result& r, double gflops, double gbs, double percent);
};

} // namespace bench
