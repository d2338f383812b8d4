#include "support/machine.hpp"

#include <strata/core/buffer.hpp>
#include <strata/core/simd.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "support/timing.hpp"

namespace bench {

namespace {

/// Runs work(i) on `threads` threads at once, `runs` times, and says how many seconds each run took from the
/// moment when all were ready until the last was done. The threads stay the same, so that the system has time
/// to give each a core of its own.
template <class Work> std::vector<double> on_all(int threads, int runs, const Work& work) {
    std::atomic<int> ready{0}, done{0};
    const auto wait_for = [](const std::atomic<int>& count, int value) {
        while (count.load() < value) std::this_thread::yield();
    };
    std::vector<double> seconds;
    const auto run_all = [&](int i) {
        for (int run = 1; run <= runs; ++run) {
            ready.fetch_add(1);
            wait_for(ready, run * threads);
            const double begin = now();
            work(i);
            done.fetch_add(1);
            wait_for(done, run * threads);
            if (i == 0) seconds.push_back(now() - begin);
        }
    };
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(run_all, i);
    run_all(0);
    for (auto& t : others) t.join();
    return seconds;
}

using vector = strata::detail::vector_of<float>;

// Two units with a latency of 4 or 5 want 10 chains; more than 14 would not fit into 16 registers.
constexpr int chains = 12;

/// `a` and `b` are arguments so that no chain is worked out while this compiles.
template <std::size_t... I> float chase(long rounds, float a, float b, std::index_sequence<I...>) {
    vector x[chains] = {vector(a + static_cast<float>(I))...};
    const vector factor(a), summand(b);
    for (long k = 0; k < rounds; ++k) ((x[I] = strata::detail::multiply_add(x[I], factor, summand)), ...);
    return strata::detail::sum_of(vector((x[I] + ...)));
}

} // namespace

double peak_gflops(int threads) {
    constexpr long rounds = 1'500'000;
    constexpr double flop = 2.0 * chains * static_cast<double>(strata::detail::lanes<float>) * rounds;
    volatile float a = 0.999f, b = 0.0007f;
    std::atomic<float> sink{0};
    const auto seconds = on_all(threads, 40, [&](int) {
        sink.store(chase(rounds, a, b, std::make_index_sequence<std::size_t{chains}>{}));
    });
    return flop * threads / *std::min_element(seconds.begin(), seconds.end()) * 1e-9;
}

double copy_gbs(int threads, double footprint) {
    static std::map<std::pair<int, int>, double> known;
    const int power = std::clamp(static_cast<int>(std::lround(std::log2(footprint))), 12, 28);
    double& rate = known[{threads, power}];
    if (rate > 0) return rate;

    const auto share = static_cast<strata::index>((1L << power) / 2 / threads);
    std::vector<strata::buffer<char>> from, to;
    for (int i = 0; i < threads; ++i) {
        from.emplace_back(share);
        to.emplace_back(share);
    }
    const long repeats = std::max(1L, (1L << 25) / (1L << power)); // a few milliseconds
    // In one call memcpy may go past the caches, in small pieces it does not: what is faster depends on the
    // size.
    for (const strata::index piece : {share, std::min<strata::index>(share, 1 << 15)}) {
        const auto seconds = on_all(threads, 16, [&](int i) {
            const auto n = static_cast<std::size_t>(i);
            for (long k = 0; k < repeats; ++k)
                for (strata::index begin = 0; begin < share; begin += piece) {
                    const auto size = static_cast<std::size_t>(std::min(piece, share - begin));
                    std::memcpy(to[n].data() + begin, from[n].data() + begin, size);
                    std::atomic_signal_fence(std::memory_order_seq_cst);
                }
        });
        rate = std::max(rate, 2.0 * static_cast<double>(share * repeats * threads) / median(seconds) * 1e-9);
    }
    return rate;
}

} // namespace bench
