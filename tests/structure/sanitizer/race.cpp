#include <strata/core/parallel.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

/// Chunks of two threads add to one plain number: wrong, and the sanitizer must say so. No chunk adds before
/// both threads are in the loop, or one may have done all of them when the other wakes. They wait by relaxed
/// atomics, which order nothing, and not for ever: the time of a machine that has one thread only is bounded.
int main() {
    using namespace std::chrono;
    strata::threads(2);
    const auto deadline = steady_clock::now() + seconds(20);
    std::atomic<bool> is_inside[2]{};
    long sum = 0;
    strata::parallel_chunks(
        100'000, 100, 2, [&](int worker, strata::index, strata::index begin, strata::index end) {
            is_inside[worker].store(true, std::memory_order_relaxed);
            while (!is_inside[1 - worker].load(std::memory_order_relaxed) && steady_clock::now() < deadline)
                std::this_thread::yield();
            for (auto i = begin; i < end; ++i) sum += i;
        });
    std::printf("%ld\n", sum);
}
