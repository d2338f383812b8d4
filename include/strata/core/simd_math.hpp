#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/simd.hpp>

#include <array>
#include <cstddef>
#include <limits>
#include <type_traits>

// Functions of whole vectors. The transcendental ones are xsimd's: exp, expm1, log1p and tanh are within 2
// units in the last place on every instruction set, erf within 3 in float and 100 in double
// (tests/core/simd_math_test.cpp holds them to that).

namespace strata::detail {

/// The lanes 0 .. n - 1.
template <class T> [[gnu::always_inline]] inline xsimd::batch_bool<T> first_lanes(index n) {
    static constexpr auto numbers = [] {
        std::array<T, static_cast<std::size_t>(lanes<T>)> lane{};
        for (std::size_t i = 0; i < lane.size(); ++i) lane[i] = static_cast<T>(i);
        return lane;
    }();
    return load(numbers.data()) < vector_of<T>(static_cast<T>(n));
}

/// The larger of both, lane by lane; b where a or b is not a number.
template <class T, class A>

[[gnu::always_inline]] inline xsimd::batch<T, A> larger(const xsimd::batch<T, A>& a,
                                                        const xsimd::batch<T, A>& b) {
#if defined(__SSE2__)
    return xsimd::max(a, b); // what the instruction does
#else
    return xsimd::select(a > b, a, b);
#endif
}

/// f(x), and x itself where it is not a number: xsimd 8 loses that in some functions on some machines.
template <class T, class A, class F>
[[gnu::always_inline]] inline xsimd::batch<T, A> unless_nan(const xsimd::batch<T, A>& x, const F& f) {
    return xsimd::select(x == x, f(x), x);
}
template <class T, class A>
[[gnu::always_inline]] inline xsimd::batch<T, A> exponential(const xsimd::batch<T, A>& x) {
    return unless_nan(x, [](const auto& v) { return xsimd::exp(v); });
}
template <class T, class A>
[[gnu::always_inline]] inline xsimd::batch<T, A> hyperbolic_tangent(const xsimd::batch<T, A>& x) {
    return unless_nan(x, [](const auto& v) { return xsimd::tanh(v); });
}
template <class T, class A>
[[gnu::always_inline]] inline xsimd::batch<T, A> error_function(const xsimd::batch<T, A>& x) {
    return unless_nan(x, [](const auto& v) { return xsimd::erf(v); });
}

/// 1 / (1 + exp(-x)).
template <class T, class A>
[[gnu::always_inline]] inline xsimd::batch<T, A> logistic(const xsimd::batch<T, A>& x) {
    const xsimd::batch<T, A> one(T(1));
    return one / (one + exponential(-x));
}

/// The lanes joined two by two by f, in a fixed order.
template <class T, class A, class F>
[[gnu::always_inline]] inline T joined_lanes(const xsimd::batch<T, A>& v, const F& f) {
    std::array<T, xsimd::batch<T, A>::size> lane;
    v.store_unaligned(lane.data());
    for (std::size_t half = lane.size() / 2; half > 0; half /= 2)
        for (std::size_t i = 0; i < half; ++i) lane[i] = f(lane[i], lane[i + half]);
    return lane[0];
}

/// The largest of n > 0 numbers. What it is when one is not a number is not said.
template <class T> T largest_of(const T* x, index n) {
    vector_of<T> most(-std::numeric_limits<T>::infinity());
    vector_loop<T>(0, n, [&](index i, auto... some) {
        if constexpr (sizeof...(some) == 0)
            most = larger(most, load(x + i));
        else
            most = larger(most, xsimd::select(first_lanes<T>(some...), load(x + i, some...), most));
    });
    return joined_lanes(most, [](T a, T b) { return a > b ? a : b; });
}

/// The sum of exp(x - origin) over n numbers, which are also stored in y unless it is null.
template <class T> double sum_of_exponentials(T* y, const T* x, index n, T origin) {
    vector_of<T> sum(T(0));
    vector_loop<T>(0, n, [&](index i, auto... some) {
        auto e = exponential(load(x + i, some...) - vector_of<T>(origin));
        if (y) store(y + i, e, some...);
        if constexpr (sizeof...(some) != 0) e = xsimd::select(first_lanes<T>(some...), e, vector_of<T>(T(0)));
        sum += e;
    });
    return static_cast<double>(joined_lanes(sum, [](T a, T b) { return a + b; }));
}

/// f of every element, one by one.
template <class T, class A, class F>
[[gnu::always_inline]] inline xsimd::batch<T, A> each_lane(const xsimd::batch<T, A>& v, const F& f) {
    std::array<T, xsimd::batch<T, A>::size> lane;
    v.store_unaligned(lane.data());
    for (T& x : lane) x = f(x);
    return xsimd::batch<T, A>::load_unaligned(lane.data());
}

/// activation(v): at once where the activation, or the specification it holds, knows values(vector), else
/// lane by lane.
template <class Activation, class T, class A>

[[gnu::always_inline]] inline xsimd::batch<T, A> value_of(const Activation& activation,
                                                          const xsimd::batch<T, A>& v) {
    if constexpr (std::is_same_v<Activation, no_activation>)
        return v;
    else if constexpr (requires { activation.values(v); })
        return activation.values(v);
    else if constexpr (requires { activation.spec.values(v); })
        return activation.spec.values(v);
    else
        return each_lane(v, [&](T x) { return static_cast<T>(activation(x)); });
}

/// gradient times the slope of the activation whose output is y: at once where it knows slopes(vector).
template <class Activation, class T, class A>

[[gnu::always_inline]] inline xsimd::batch<T, A>
times_slope(const xsimd::batch<T, A>& gradient, const Activation& activation, const xsimd::batch<T, A>& y) {
    if constexpr (std::is_same_v<Activation, no_activation>)
        return gradient;
    else if constexpr (requires { activation.slopes(y); })
        return gradient * activation.slopes(y);
    else if constexpr (requires { activation.spec.slopes(y); })
        return gradient * activation.spec.slopes(y);
    else
        return gradient * each_lane(y, [&](T v) { return static_cast<T>(activation.slope(v)); });
}

} // namespace strata::detail
