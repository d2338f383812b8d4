#include <strata/core/parallel.hpp>

#include <cstdio>
#include <vector>

/// One loop after another over the same memory, cut differently: only the end of a loop orders them.
int main() {
    strata::threads(2);
    std::vector<double> v(10'000);
    for (int round = 0; round < 50; ++round) {
        strata::parallel_for(10'000, 100 + round, [&](strata::index begin, strata::index end) {
            for (auto i = begin; i < end; ++i) v[static_cast<std::size_t>(i)] += 1;
        });
        for (auto& x : v) x *= 0.5;
    }
    std::printf("%g\n", v[0]);
}
