#pragma once

#include <strata/core/shape.hpp>

#include <omp.h>

#include <algorithm>
#include <atomic>

namespace strata {

namespace detail {
inline std::atomic<int>& thread_setting() {
    static std::atomic<int> count{std::max(1, omp_get_max_threads())};
    return count;
}
/// Set while a parallel loop runs: another thread that starts one then runs its loop alone.
inline std::atomic<bool>& team_is_busy() {
    static std::atomic<bool> busy{false};
    return busy;
}
} // namespace detail

/// How many threads strata's loops use: at first OpenMP's choice (the cores of the machine, or
/// OMP_NUM_THREADS).
inline int threads() {
    return detail::thread_setting().load(std::memory_order_relaxed);
}

/// Sets how many threads strata's loops use, at least 1. Results do not depend on it, bit for bit.
inline void threads(int count) {
    detail::thread_setting().store(std::max(1, count), std::memory_order_relaxed);
}

/// How many chunks of at most `grain` cover `count`.
constexpr index chunk_count(index count, index grain) {
    return (count + grain - 1) / grain;
}

/// Calls body(worker, chunk, begin, end) for every chunk of `grain` elements of 0 .. count. Chunks are a
/// function of count and grain alone; `worker` < `workers` tells which thread's scratch memory to use. There
/// is one team: a loop inside a loop, or beside another thread's loop, runs on the calling thread. `body`
/// must not throw.
template <class Body> void parallel_chunks(index count, index grain, int workers, const Body& body) {
    const index chunks = chunk_count(count, grain);
    const auto run = [&](int worker, index chunk) {
        body(worker, chunk, chunk * grain, std::min(count, (chunk + 1) * grain));
    };
    // A team of one size: OpenMP runtimes end and start threads, and allocate, when the size changes.
    const int team = std::min(workers, threads());
    if (team > 1 && chunks > 1 && !detail::team_is_busy().exchange(true, std::memory_order_acquire)) {
        // Chunks are dealt out by hand: clang's runtime allocates in every `omp for`.
#pragma omp parallel num_threads(team)
        for (index chunk = omp_get_thread_num(); chunk < chunks; chunk += omp_get_num_threads())
            run(omp_get_thread_num(), chunk);
        detail::team_is_busy().store(false, std::memory_order_release);
    } else {
        for (index chunk = 0; chunk < chunks; ++chunk) run(0, chunk);
    }
}

/// Calls body(begin, end) over 0 .. count in chunks of `grain`, on all threads.
template <class Body> void parallel_for(index count, index grain, const Body& body) {
    parallel_chunks(count, grain, threads(), [&](int, index, index begin, index end) { body(begin, end); });
}

} // namespace strata
