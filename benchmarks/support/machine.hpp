#pragma once

namespace bench {

/// The most multiplications and additions a second, in float and GFLOP/s, that `threads` cores do with the
/// instruction set this is compiled for: independent chains of x = x * a + b in registers. The best of many
/// short runs, because it is a ceiling. Measured on every call.
double peak_gflops(int threads);

/// GB/s, bytes read and bytes written together, of `threads` threads that copy memory: each its share of
/// `footprint` bytes, source and target together, again and again. A footprint far beyond the caches gives
/// the bandwidth of memory, a small one that of a cache. Measured once for each power of two.
double copy_gbs(int threads, double footprint);

/// A footprint beyond all caches.
inline constexpr double beyond_caches = 1 << 28;

} // namespace bench
