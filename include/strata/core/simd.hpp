#pragma once

#include <strata/core/shape.hpp>

#include <array>
#include <cstddef>
#include <cstring>

// g++ 12 takes the undefined operand of its own intrinsics for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// The only header that includes xsimd (8 and newer): one vector register, whatever the machine has.

namespace strata::detail {

/// One vector register of T of the machine compiled for, with + - * / between them and with a T.
template <class T> using vector_of = xsimd::batch<T>;

/// Elements in one vector.
template <class T> inline constexpr index lanes = static_cast<index>(vector_of<T>::size);

/// Vector registers of the machine compiled for.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr index vector_registers = 32;
#else
inline constexpr index vector_registers = 16;
#endif

/// The vector at p, which need not be aligned.
template <class T> vector_of<T> load(const T* p) {
    return vector_of<T>::load_unaligned(p);
}
template <class T> void store(T* p, const vector_of<T>& v) {
    v.store_unaligned(p);
}

/// The first n <= lanes elements; the others are 0, and their memory is not touched.
template <class T> vector_of<T> load(const T* p, index n) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
    else
        return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
#else
    std::array<T, static_cast<std::size_t>(lanes<T>)> copy{};
    std::memcpy(copy.data(), p, static_cast<std::size_t>(n) * sizeof(T));
    return load(copy.data());
#endif
}
template <class T> void store(T* p, const vector_of<T>& v, index n) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v);
    else
        _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), v);
#else
    std::array<T, static_cast<std::size_t>(lanes<T>)> copy;
    store(copy.data(), v);
    std::memcpy(p, copy.data(), static_cast<std::size_t>(n) * sizeof(T));
#endif
}

/// a b + c, rounded once where the machine can.
template <class T, class A>
xsimd::batch<T, A> multiply_add(const xsimd::batch<T, A>& a, const xsimd::batch<T, A>& b,
                                const xsimd::batch<T, A>& c) {
#if defined(__AVX512F__) // which xsimd 8 multiplies and adds
    if constexpr (sizeof(a) == 64)
        if constexpr (sizeof(T) == 4)
            return _mm512_fmadd_ps(a, b, c);
        else
            return _mm512_fmadd_pd(a, b, c);
    else
#endif
        return xsimd::fma(a, b, c);
}

/// Has the compiler load v into a register once, rather than from memory in every instruction that uses it.
template <class T> void keep_in_register([[maybe_unused]] vector_of<T>& v) {
#if defined(__x86_64__) && defined(__AVX512F__)
    asm("" : "+v"(v.data));
#elif defined(__x86_64__)
    asm("" : "+x"(v.data));
#elif defined(__aarch64__)
    asm("" : "+w"(v.data));
#endif
}

/// lanes<double> elements at p, as doubles.
template <class T> vector_of<double> load_as_double(const T* p) {
    if constexpr (sizeof(T) == sizeof(double)) {
        return load(p);
    } else {
#if defined(__AVX512F__)
        return _mm512_cvtps_pd(_mm256_loadu_ps(p));
#else
        std::array<double, static_cast<std::size_t>(lanes<double>)> copy;
        for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = static_cast<double>(p[i]);
        return load(copy.data());
#endif
    }
}

/// Calls body(i) for the whole vectors among the elements begin .. end - 1, and body(i, n) for the last n
/// where they do not fill one. What `body` captures by value stays in registers.
template <class T, class Body>
[[gnu::always_inline]] inline void vector_loop(index begin, index end, Body body) {
    index i = begin;
    for (; i + lanes<T> <= end; i += lanes<T>) body(i);
    if (i < end) body(i, end - i);
}

template <class T, class A> xsimd::batch<T, A> square_root(const xsimd::batch<T, A>& x) {
    return xsimd::sqrt(x);
}

/// The sum of the elements, in a fixed order.
template <class T, class A> T sum_of(const xsimd::batch<T, A>& v) {
    std::array<T, xsimd::batch<T, A>::size> lane;
    v.store_unaligned(lane.data());
    T sum = 0;
    for (const T value : lane) sum += value;
    return sum;
}

} // namespace strata::detail
