#pragma once

#include <strata/core/function_view.hpp>
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

/// One thread's share of a loop: the next chunk of it that nobody has begun, and its end.
struct alignas(64) loop_share {
    std::atomic<index> next;
    index end;
};
inline constexpr int most_shares = 64;
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

/// The least work, in nanoseconds of one core, for which other threads are woken. An empty region of 2
/// threads takes 1 - 2 us where they wait by spinning, 7 - 10 us where they sleep, 50 us on a virtual machine
/// with other work (Zen 4, g++ 12's OpenMP, OMP_WAIT_POLICY).
inline constexpr index least_parallel_work = 10'000;

/// Rough estimates of work, in nanoseconds: of bytes read or written in a cache, of elements on which more is
/// done, and of products in registers.
constexpr index work_of_bytes(index count) {
    return count / 100;
}
constexpr index work_of_elements(index count) {
    return count / 4;
}
constexpr index work_of_multiply_adds(index count) {
    return count / 64;
}

/// The workers for a loop of so many nanoseconds: `workers`, or 1 where waking the others takes as long as
/// they would save. Chunks, and so the bits, do not depend on it.
inline int workers_for(index nanoseconds, int workers = threads()) {
    return nanoseconds >= least_parallel_work ? workers : 1;
}

/// How many chunks of at most `grain` cover `count`.
constexpr index chunk_count(index count, index grain) {
    return (count + grain - 1) / grain;
}

namespace detail {

/// parallel_chunks, compiled once.
inline void run_chunks(index count, index grain, int workers,
                       function_view<void(int, index, index, index)> body) {
    const index chunks = chunk_count(count, grain);
    const auto run = [&](int worker, index chunk) {
        body(worker, chunk, chunk * grain, std::min(count, (chunk + 1) * grain));
    };
    // A team of one size: OpenMP runtimes end and start threads, and allocate, when the size changes.
    const int team = std::min(workers, threads());
    if (team > 1 && chunks > 1 && !team_is_busy().exchange(true, std::memory_order_acquire)) {
        // Chunks are dealt out by hand: clang's runtime allocates in every `omp for`, and schedule(dynamic)
        // forgets which thread had which part of the data.
        loop_share shares[most_shares];
        const int share_count = std::min(team, most_shares);
        for (int s = 0; s < share_count; ++s) {
            shares[s].next.store(chunks * s / share_count, std::memory_order_relaxed);
            shares[s].end = chunks * (s + 1) / share_count;
        }
#pragma omp parallel num_threads(team)
        {
            const int worker = omp_get_thread_num();
            for (int turn = 0; turn < share_count; ++turn) {
                auto& share = shares[(worker + turn) % share_count];
                if (turn > 0 && share.next.load(std::memory_order_relaxed) >= share.end) continue;
                for (index chunk; (chunk = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;)
                    run(worker, chunk);
            }
        }
        team_is_busy().store(false, std::memory_order_release);
    } else {
        for (index chunk = 0; chunk < chunks; ++chunk) run(0, chunk);
    }
}

} // namespace detail

/// Calls body(worker, chunk, begin, end) for every chunk of `grain` elements of 0 .. count. Chunks are a
/// function of count and grain alone; `worker` < `workers` tells which thread's scratch memory to use. Every
/// thread begins with a share of its own, chunks that follow each other, the same in every loop of as many
/// chunks, so that what one loop wrote lies in the cache of the thread that reads it in the next; then it
/// helps with the shares of others. There is one team: a loop inside a loop, or beside another thread's loop,
/// runs on the calling thread. `body` must not throw.
template <class Body> void parallel_chunks(index count, index grain, int workers, const Body& body) {
    detail::run_chunks(count, grain, workers, body);
}

/// Calls body(begin, end) over 0 .. count in chunks of `grain`, on at most `workers` threads.
template <class Body> void parallel_for(index count, index grain, const Body& body, int workers = threads()) {
    parallel_chunks(count, grain, workers, [&](int, index, index begin, index end) { body(begin, end); });
}

} // namespace strata
