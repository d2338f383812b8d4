#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/shape.hpp>

namespace strata {

/// Elements of one chunk of a sweep: a quarter of a small second-level cache in float.
inline constexpr index sweep_grain = 16 * 1024;

/// parallel_for for a loop that reads and writes `bytes` bytes per element (or row, or whatever is counted)
/// and does little else.
template <class Body> void sweep(index count, index grain, index bytes, const Body& body) {
    parallel_chunks(count, grain, workers_for(work_of_bytes(count * bytes)),
                    [&](int, index, index begin, index end) { body(begin, end); });
}

} // namespace strata
