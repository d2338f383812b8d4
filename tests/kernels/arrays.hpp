#pragma once

#include <strata/core/shape.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

namespace strata::test {

/// Uniform numbers in -1 .. 1, the same in every run.
template <class T> std::vector<T> numbers(index count, unsigned salt) {
    std::mt19937 bits(salt);
    std::vector<T> v(static_cast<std::size_t>(count));
    for (auto& x : v) x = static_cast<T>(static_cast<double>(bits()) / 2147483648.0 - 1);
    return v;
}

/// Not-a-numbers: an output that is not written shows.
template <class T> std::vector<T> poisoned(index count) {
    return std::vector<T>(static_cast<std::size_t>(count), std::numeric_limits<T>::quiet_NaN());
}

/// The largest difference of two arrays, NaN if one has a NaN, infinity if their sizes differ.
template <class A, class B> double largest_difference(const std::vector<A>& a, const std::vector<B>& b) {
    if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const auto off =
            static_cast<double>(std::abs(static_cast<long double>(a[i]) - static_cast<long double>(b[i])));
        if (std::isnan(off)) return off;
        worst = std::max(worst, off);
    }
    return worst;
}

} // namespace strata::test
