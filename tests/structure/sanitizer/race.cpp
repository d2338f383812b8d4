#include <strata/core/parallel.hpp>

#include <cstdio>

/// Every chunk adds to one plain number: wrong, and the sanitizer must say so.
int main() {
    strata::threads(2);
    long sum = 0;
    strata::parallel_for(100'000, 100, [&](strata::index begin, strata::index end) {
        for (auto i = begin; i < end; ++i) sum += i;
    });
    std::printf("%ld\n", sum);
}
