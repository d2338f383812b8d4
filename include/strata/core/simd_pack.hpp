#pragma once

#include <strata/core/simd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Vectors of numbers from and to what is smaller: small whole numbers in bytes, yes and no in bits.

namespace strata::detail {

/// Vectors that end exactly at the end: calls body(c) for vectors of 0 .. count - 1, of which the last may
/// overlap the one in front, or body(0, count) where the whole is shorter than a vector. For stores of what
/// does not depend on what is stored. What `body` captures by value stays in registers.
template <class T, class Body> [[gnu::always_inline]] inline void cover(index count, Body body) {
    if (count < lanes<T>) return body(index{0}, count);
    index c = 0;
    for (; c + lanes<T> <= count; c += lanes<T>) body(c);
    if (c < count) body(count - lanes<T>);
}

/// The first n of the whole numbers at p as a vector of T; the other lanes are 0.
template <class T, class Small>
[[gnu::always_inline]] inline vector_of<T> load_small(const Small* p, index n = lanes<T>) {
    std::array<T, static_cast<std::size_t>(lanes<T>)> lane{};
    for (index i = 0; i < n; ++i) lane[static_cast<std::size_t>(i)] = static_cast<T>(p[i]);
    return load(lane.data());
}

/// The first n lanes, whole numbers that fit, as Small.
template <class T, class Small>
[[gnu::always_inline]] inline void store_small(Small* p, const vector_of<T>& v, index n = lanes<T>) {
    std::array<T, static_cast<std::size_t>(lanes<T>)> lane;
    store(lane.data(), v);
    for (index i = 0; i < n; ++i) p[i] = static_cast<Small>(lane[static_cast<std::size_t>(i)]);
}

#if defined(__AVX512F__)
template <> [[gnu::always_inline]] inline vector_of<float> load_small<float>(const std::uint8_t* p, index n) {
#if defined(__AVX512BW__) && defined(__AVX512VL__)
    const __m128i bytes = _mm_maskz_loadu_epi8(static_cast<__mmask16>((1u << n) - 1), p);
#else
    __m128i bytes = _mm_setzero_si128();
    std::memcpy(&bytes, p, static_cast<std::size_t>(n));
#endif
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}
template <>
[[gnu::always_inline]] inline void store_small<float>(std::uint8_t* p, const vector_of<float>& v, index n) {
    _mm512_mask_cvtepi32_storeu_epi8(p, static_cast<__mmask16>((1u << n) - 1), _mm512_cvttps_epi32(v));
}
#elif defined(__SSE2__)
template <> [[gnu::always_inline]] inline vector_of<float> load_small<float>(const std::uint8_t* p, index n) {
    std::array<std::uint8_t, static_cast<std::size_t>(lanes<float>)> bytes{};
    if (n == lanes<float>)
        std::memcpy(bytes.data(), p, bytes.size());
    else
        for (index i = 0; i < n; ++i) bytes[static_cast<std::size_t>(i)] = p[i];
#if defined(__AVX2__)
    return _mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes.data()))));
#elif defined(__AVX__)
    std::array<float, 8> lane;
    for (std::size_t i = 0; i < 8; ++i) lane[i] = bytes[i];
    return load(lane.data());
#else
    std::int32_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    const __m128i zero = _mm_setzero_si128();
    return _mm_cvtepi32_ps(_mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(word), zero), zero));
#endif
}
template <>
[[gnu::always_inline]] inline void store_small<float>(std::uint8_t* p, const vector_of<float>& v, index n) {
    std::array<std::uint8_t, 8> bytes;
#if defined(__AVX2__)
    const __m256i whole = _mm256_cvttps_epi32(v);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(bytes.data()), _mm_packus_epi16(words, words));
#elif defined(__AVX__)
    std::array<float, 8> lane;
    store(lane.data(), v);
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(lane[i]);
#else
    const __m128i whole = _mm_cvttps_epi32(v), words = _mm_packs_epi32(whole, whole);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(bytes.data()), _mm_packus_epi16(words, words));
#endif
    if (n == lanes<float>)
        std::memcpy(p, bytes.data(), static_cast<std::size_t>(lanes<float>));
    else
        for (index i = 0; i < n; ++i) p[i] = bytes[static_cast<std::size_t>(i)];
}
#endif

/// v in the lanes whose bit is 1, bit i being lane i, and 0 in the others.
template <class T>
[[gnu::always_inline]] inline vector_of<T> keep(std::uint64_t bits, const vector_of<T>& v) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return _mm512_maskz_mov_ps(static_cast<__mmask16>(bits), v);
    else
        return _mm512_maskz_mov_pd(static_cast<__mmask8>(bits), v);
#elif defined(__AVX2__) || (defined(__SSE2__) && !defined(__AVX__))
    static constexpr auto numbers = [] { // the bit of every lane, in each 32-bit word of it
        constexpr std::size_t words = sizeof(T) / 4;
        std::array<std::uint32_t, words* static_cast<std::size_t>(lanes<T>)> word{};
        for (std::size_t i = 0; i < word.size(); ++i) word[i] = 1u << i / words;
        return word;
    }();
#if defined(__AVX2__)
    const __m256i own = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers.data()));
    const __m256i all = _mm256_set1_epi32(static_cast<int>(bits));
    const __m256i alive = _mm256_cmpeq_epi32(_mm256_and_si256(all, own), own);
    if constexpr (sizeof(T) == 4)
        return _mm256_and_ps(_mm256_castsi256_ps(alive), v);
    else
        return _mm256_and_pd(_mm256_castsi256_pd(alive), v);
#else
    const __m128i own = _mm_loadu_si128(reinterpret_cast<const __m128i*>(numbers.data()));
    const __m128i all = _mm_set1_epi32(static_cast<int>(bits));
    const __m128i alive = _mm_cmpeq_epi32(_mm_and_si128(all, own), own);
    if constexpr (sizeof(T) == 4)
        return _mm_and_ps(_mm_castsi128_ps(alive), v);
    else
        return _mm_and_pd(_mm_castsi128_pd(alive), v);
#endif
#else
    std::array<T, static_cast<std::size_t>(lanes<T>)> lane;
    store(lane.data(), v);
    for (std::size_t i = 0; i < lane.size(); ++i)
        if ((bits >> i & 1) == 0) lane[i] = T(0);
    return load(lane.data());
#endif
}

/// The products of the lower halves of every 64-bit number, as 64-bit numbers.
[[gnu::always_inline]] inline vector_of<std::uint64_t> multiply_lower(const vector_of<std::uint64_t>& a,
                                                                      const vector_of<std::uint64_t>& b) {
#if defined(__AVX512F__)
    return _mm512_mul_epu32(a, b);
#elif defined(__AVX2__)
    return _mm256_mul_epu32(a, b);
#elif defined(__SSE2__) && !defined(__AVX__)
    return _mm_mul_epu32(a, b);
#else
    std::array<std::uint64_t, static_cast<std::size_t>(lanes<std::uint64_t>)> x, y;
    store(x.data(), a);
    store(y.data(), b);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = (x[i] & 0xffffffff) * (y[i] & 0xffffffff);
    return load(x.data());
#endif
}

/// One bit for each 16-bit number of v, in their order in memory on a little-endian machine: 1 where it is at
/// least `limit`.
[[gnu::always_inline]] inline std::uint64_t at_least(const vector_of<std::uint64_t>& v, std::uint16_t limit) {
#if defined(__AVX512BW__)
    return _mm512_cmpge_epu16_mask(v, _mm512_set1_epi16(static_cast<short>(limit)));
#elif defined(__AVX2__) && !defined(__AVX512F__)
    const __m256i short_of = _mm256_subs_epu16(_mm256_set1_epi16(static_cast<short>(limit)), v);
    const __m256i reached = _mm256_cmpeq_epi16(short_of, _mm256_setzero_si256());
    const auto bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_packs_epi16(reached, reached)));
    return (bits & 0xff) | (bits >> 8 & 0xff00);
#elif defined(__SSE2__) && !defined(__AVX__)
    const __m128i short_of = _mm_subs_epu16(_mm_set1_epi16(static_cast<short>(limit)), v);
    const __m128i reached = _mm_cmpeq_epi16(short_of, _mm_setzero_si128());
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(reached, reached))) & 0xff;
#else
    std::array<std::uint64_t, static_cast<std::size_t>(lanes<std::uint64_t>)> lane;
    store(lane.data(), v);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 4 * lane.size(); ++i)
        bits |= std::uint64_t{(lane[i / 4] >> (16 * (i % 4)) & 0xffff) >= limit} << i;
    return bits;
#endif
}

} // namespace strata::detail
