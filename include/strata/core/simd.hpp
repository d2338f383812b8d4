#pragma once

#include <strata/core/shape.hpp>

#include <cmath>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace strata::detail {

/// Bytes of one vector register of the machine compiled for.
#if defined(__AVX512F__)
inline constexpr index vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr index vector_bytes = 32;
#else
inline constexpr index vector_bytes = 16;
#endif

template <class T> struct vector_type { typedef T type __attribute__((vector_size(vector_bytes))); };
/// One vector register of T: the compiler's own vectors, with + - * / between them and with a T.
template <class T> using vector_of = typename vector_type<T>::type;

/// Elements in one vector.
template <class T> inline constexpr index lanes = vector_bytes / static_cast<index>(sizeof(T));

/// The vector at p, which need not be aligned.
template <class T> vector_of<T> load(const T* p) {
    vector_of<T> v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
template <class T> void store(T* p, const vector_of<T>& v) {
    std::memcpy(p, &v, sizeof v);
}

/// The first n < lanes elements; the others are 0.
template <class T> vector_of<T> load(const T* p, index n) {
    vector_of<T> v{};
    std::memcpy(&v, p, static_cast<std::size_t>(n) * sizeof(T));
    return v;
}
template <class T> void store(T* p, const vector_of<T>& v, index n) {
    std::memcpy(p, &v, static_cast<std::size_t>(n) * sizeof(T));
}

/// lanes<double> elements at p, as doubles.
template <class T> vector_of<double> load_as_double(const T* p) {
    typedef T few __attribute__((vector_size(lanes<double> * static_cast<index>(sizeof(T)))));
    few v;
    std::memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, vector_of<double>);
}

/// Square roots, lane by lane. Written out because a loop over std::sqrt stays scalar: by default it has
/// errno to set.
inline vector_of<float> square_root(const vector_of<float>& x) {
#if defined(__AVX512F__)
    return _mm512_maskz_sqrt_ps(0xFFFF, x); // the unmasked one draws a false warning from g++ 12
#elif defined(__AVX__)
    return _mm256_sqrt_ps(x);
#elif defined(__SSE2__)
    return _mm_sqrt_ps(x);
#else
    vector_of<float> root{};
    for (int i = 0; i < lanes<float>; ++i) root[i] = std::sqrt(x[i]);
    return root;
#endif
}
inline vector_of<double> square_root(const vector_of<double>& x) {
#if defined(__AVX512F__)
    return _mm512_maskz_sqrt_pd(0xFF, x);
#elif defined(__AVX__)
    return _mm256_sqrt_pd(x);
#elif defined(__SSE2__)
    return _mm_sqrt_pd(x);
#else
    vector_of<double> root{};
    for (int i = 0; i < lanes<double>; ++i) root[i] = std::sqrt(x[i]);
    return root;
#endif
}

} // namespace strata::detail
