#include "support/timing.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace bench {

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const std::size_t half = values.size() / 2;
    std::sort(values.begin(), values.end());
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

namespace {

struct alternative {
    const std::function<void()>& call;
    long calls_per_block = 1;
    std::vector<double> blocks{}; ///< microseconds a call

    /// Brings data and code into the caches, and the clock of the processor up, before anything counts.
    void warm_up(double seconds, double block) {
        double shortest = HUGE_VAL;
        const double begin = now();
        for (int calls = 0; calls < 2 || (now() - begin < seconds && calls < 1000); ++calls)
            shortest = std::min(shortest, time(1));
        calls_per_block = std::max(1L, std::lround(std::ceil(block / std::max(shortest, 1e-8))));
    }
    double time(long calls) const {
        const double begin = now();
        for (long i = 0; i < calls; ++i) call();
        return now() - begin;
    }
    void take(bool others_ran) {
        if (others_ran && calls_per_block > 1) call(); // its data back into the caches
        blocks.push_back(time(calls_per_block) / static_cast<double>(calls_per_block) * 1e6);
    }
};

} // namespace

std::vector<timing> measure(const std::vector<std::function<void()>>& alternatives, const options& o,
                            double block) {
    std::vector<alternative> all;
    for (const auto& call : alternatives) all.push_back({call});
    for (auto& a : all) a.warm_up(std::min(0.1, o.budget / 4), block);

    const double begin = now(), budget = o.budget * static_cast<double>(all.size());
    for (int turn = 0; turn < o.min_samples || now() - begin < budget; ++turn) {
        for (auto& a : all) a.take(all.size() > 1);
        if (turn >= 4 && now() - begin > 10 * budget) break; // so slow that more would not be worth the wait
    }

    std::vector<timing> found;
    for (const auto& a : all)
        found.push_back({median(a.blocks), *std::min_element(a.blocks.begin(), a.blocks.end()),
                         a.calls_per_block * static_cast<long>(a.blocks.size())});
    return found;
}

timing measure(const std::function<void()>& call, const options& o, double block) {
    return measure(std::vector{call}, o, block).front();
}

} // namespace bench
