#pragma once

#include <strata/core/error.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/shape.hpp>

// xtensor-blas's BLAS interface, and nothing else of it: it is in need of these two headers.
#include <complex>
#include <type_traits>

// clang-format off
#include <xtensor-blas/xblas_config.hpp>
#include <xflens/cxxblas/cxxblas.cxx>
// clang-format on

#include <climits>

#include <algorithm>

namespace strata {

/// A matrix that a product reads: row-major, `stride` elements from one row to the next.
template <class T> struct matrix {
    const T* data;
    index stride;
    bool transposed = false;
};

/// The matrix as it is stored.
template <class T> constexpr matrix<T> plain(const T* data, index stride) {
    return {data, stride, false};
}

/// The transpose of what is stored: the rows in memory, `stride` apart, are the columns of the product's
/// operand.
template <class T> constexpr matrix<T> transposed(const T* data, index stride) {
    return {data, stride, true};
}

namespace detail {

// How BLAS libraries are told to stay on the calling thread; the one that is linked has one of these or none.
extern "C" {
[[gnu::weak]] void openblas_set_num_threads(int);
[[gnu::weak]] void bli_thread_set_num_threads(std::ptrdiff_t);
[[gnu::weak]] void MKL_Set_Num_Threads(int);
[[gnu::weak]] void flexiblas_set_num_threads(int);
}

/// Once for every thread that multiplies: where BLAS is built on OpenMP, the setting belongs to the thread.
inline void keep_blas_serial() {
    thread_local const bool done = [] {
        threads(); // read OpenMP's own count first: an OpenMP build of OpenBLAS changes it
        if (openblas_set_num_threads) openblas_set_num_threads(1);
        if (bli_thread_set_num_threads) bli_thread_set_num_threads(1);
        if (MKL_Set_Num_Threads) MKL_Set_Num_Threads(1);
        if (flexiblas_set_num_threads) flexiblas_set_num_threads(1);
        return true;
    }();
    static_cast<void>(done);
}

inline void check_blas_sizes(index m, index n, index k, index lda, index ldb, index ldc) {
    if (std::min({m, n, k}) < 0) fail<argument_error>("gemm: negative size in ", m, " x ", n, " x ", k);
    const index largest = std::max({m, n, k, lda, ldb, ldc});
    if (largest > INT_MAX)
        fail<argument_error>("gemm: a size or stride of ", largest, " is more than BLAS can take (", INT_MAX,
                             ")");
}

/// c (m, n) = a (m, k) b (k, n) + beta c, sizes already checked.
template <class T>
void multiply(T* c, index ldc, matrix<T> a, matrix<T> b, index m, index n, index k, T beta) {
    if (m == 0 || n == 0) return;
    if (k == 0) { // BLAS libraries differ in what they accept here
        for (index i = 0; i < m; ++i)
            for (index j = 0; j < n; ++j) c[i * ldc + j] = beta == T(0) ? T(0) : beta * c[i * ldc + j];
        return;
    }
    using size = xt::blas_index_t;
    keep_blas_serial();
    cxxblas::gemm<size>(cxxblas::RowMajor, a.transposed ? cxxblas::Trans : cxxblas::NoTrans,
                        b.transposed ? cxxblas::Trans : cxxblas::NoTrans, static_cast<size>(m),
                        static_cast<size>(n), static_cast<size>(k), T(1), a.data, static_cast<size>(a.stride),
                        b.data, static_cast<size>(b.stride), beta, c, static_cast<size>(ldc));
}

} // namespace detail

/// How a product is cut into pieces: tiles of `rows` x `columns` of the result, a function of the sizes
/// alone, so that the result does not depend on the number of threads.
struct gemm_tiles {
    index rows, columns;

    static constexpr gemm_tiles of(index m, index n, index k) {
        // BLAS packs its operands anew for every tile, so pieces are as few as threads need: 2 from 2^21
        // multiply-adds on (some 40 us), then twice as many for every fourfold work, up to 64. Measured on
        // dense layers of 100 .. 5408 features: 1 thread loses 0 - 10 % to the cut, 2 threads gain 1.7 - 2.0.
        constexpr double least_work = 1 << 21;
        constexpr index least_side = 48;
        const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
        index down = 1, across = 1;
        for (index pieces = 1; pieces < 64 && static_cast<double>(pieces * pieces) * least_work <= work;
             pieces *= 2) {
            const bool rows_are_longer = m * across >= n * down; // square tiles pack least
            if ((rows_are_longer ? m / down : n / across) < 2 * least_side) break;
            (rows_are_longer ? down : across) *= 2;
        }
        // whole register tiles of the usual kernels
        return {std::min(m, chunk_count(chunk_count(m, down), 4) * 4),
                std::min(n, chunk_count(chunk_count(n, across), 16) * 16)};
    }
};

/// c (m, n) = a (m, k) b (k, n) + beta c on the calling thread: for use inside a parallel loop. All
/// row-major, rows of c are `ldc` elements apart; with beta 0 c is not read. Throws argument_error when a
/// size is negative or beyond what BLAS can take.
template <class T>
void gemm_serial(T* c, index ldc, matrix<T> a, matrix<T> b, index m, index n, index k,
                 std::type_identity_t<T> beta = 0) {
    detail::check_blas_sizes(m, n, k, a.stride, b.stride, ldc);
    detail::multiply(c, ldc, a, b, m, n, k, beta);
}

/// c (m, n) = a (m, k) b (k, n) + beta c on all threads, in tiles that depend on the sizes only: the same
/// bits for any number of threads. All row-major, rows of c are `ldc` elements apart; with beta 0 c is not
/// read. `epilogue(row_begin, row_end, column_begin, column_end)` is called for every finished tile by the
/// thread that made it, while the tile is in its cache; it must not throw. Throws argument_error when a size
/// is negative or beyond what BLAS can take.
template <class T, class Epilogue>
void gemm(T* c, index ldc, matrix<T> a, matrix<T> b, index m, index n, index k, std::type_identity_t<T> beta,
          const Epilogue& epilogue) {
    detail::check_blas_sizes(m, n, k, a.stride, b.stride, ldc);
    if (m == 0 || n == 0) return;
    const gemm_tiles tile = gemm_tiles::of(m, n, k);
    const index columns = chunk_count(n, tile.columns);
    parallel_for(chunk_count(m, tile.rows) * columns, 1, [&](index piece, index) {
        const index i = piece / columns * tile.rows, i_end = std::min(m, i + tile.rows);
        const index j = piece % columns * tile.columns, j_end = std::min(n, j + tile.columns);
        matrix<T> a_rows = a, b_columns = b;
        a_rows.data += a.transposed ? i : i * a.stride;
        b_columns.data += b.transposed ? j * b.stride : j;
        detail::multiply(c + i * ldc + j, ldc, a_rows, b_columns, i_end - i, j_end - j, k, beta);
        epilogue(i, i_end, j, j_end);
    });
}

template <class T>
void gemm(T* c, index ldc, matrix<T> a, matrix<T> b, index m, index n, index k,
          std::type_identity_t<T> beta = 0) {
    gemm(c, ldc, a, b, m, n, k, beta, [](index, index, index, index) {});
}

} // namespace strata
