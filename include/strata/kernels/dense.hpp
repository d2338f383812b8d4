#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/kernels/bias.hpp>
#include <strata/kernels/gemm.hpp>
#include <strata/kernels/product.hpp>
#include <strata/kernels/thin_product.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

// The three products of a dense layer, y = x W + b: x (batch, features), W (features, units), y (batch,
// units), all row-major without gaps.

namespace strata {

/// Sizes of a dense layer's products.
struct dense_sizes {
    index batch, features, units;
};

/// How a product of a dense layer is computed.
enum class dense_algorithm {
    blas,   ///< OpenBLAS or whichever library is linked, in tiles
    tiled,  ///< the register tile; of the operands only what must be is copied
    turned, ///< weight gradient: the same for the transposed product, whose rows are the units
    dots,   ///< forward, few units, and input gradient, few samples: sums along rows of x and W'
    swept,  ///< forward, few samples: the rows of W stream by once
};

enum class dense_pass { forward, backward_data, backward_weights };

/// The fastest algorithm for a pass. Measured on Zen 4 (AVX-512, one thread) against OpenBLAS 0.3.21 over the
/// dense layers of 32 .. 5408 features, 10 .. 1024 units and batches of 1 .. 512; where two are equal within
/// 5 %, ours.
constexpr dense_algorithm dense_choice(dense_pass pass, const dense_sizes& s) {
    using enum dense_algorithm;
    const index weights = s.features * s.units, work = s.batch * weights;
    // OpenBLAS has less to do before the first product: it wins 5 - 60 % up to some 2 us of work, and on a
    // matrix times a vector or two while W is in the second cache.
    const bool tiny = work <= 1 << 17 || s.features < 40, near = weights <= 1 << 19;
    switch (pass) {
    case dense_pass::forward:
        if (tiny || (s.batch <= 2 && near)) return blas;
        if (s.batch <= 2) return swept; // 2 - 4 x OpenBLAS, which copies W
        if ((s.batch < 40 && s.features < 200 && work < 1 << 21)
            || (s.batch <= 24 && s.units > 16 && s.units < 64))
            return blas;                                          // 8 - 17 %
        return s.units <= 16 && s.features >= 300 ? dots : tiled; // 10 - 40 %: 16 columns of a tile, 10 used
    case dense_pass::backward_data:
        if (tiny || (s.batch == 1 && near)) return blas;
        // 1.1 - 4 x: W is not turned
        if (s.batch <= (s.units >= 1000 ? 64 : s.units >= 256 ? 20 : s.units >= 128 ? 8 : 0)) return dots;
        return s.units < 256 && s.batch <= 12 ? blas : tiled; // 10 - 60 %, for the same reason
    case dense_pass::backward_weights:
        if (tiny || (s.batch <= 2 && near)) return blas;
        return s.units <= 24 ? turned : tiled; // 10 - 30 %: as forward
    }
    return blas;
}

namespace detail {

/// Steps and columns of a product by dots of which a block of W' is made.
inline constexpr index dense_dot_steps = 1024, dense_dot_columns = 16;
template <class T> constexpr index dense_dot_scratch(const dense_sizes& s) {
    return chunk_count(std::min(s.features, dense_dot_steps), lanes<T>)
           * lanes<T> * std::min(s.units, dense_dot_columns);
}

/// f(i) for the vector at every i of a tile of a matrix with rows of `stride` elements, or f(i, n) where only
/// n of its lanes are in the tile.
template <class T, class F>
void each_vector_of_tile(index stride, index row_begin, index row_end, index begin, index end, const F& f) {
    for (index row = row_begin; row < row_end; ++row)
        vector_loop<T>(row * stride + begin, row * stride + end, f);
}

/// Pieces for so many threads of something that can be cut into `parts`.
constexpr index dense_pieces(const dense_sizes& s, int threads, index parts) {
    const index work = work_of_multiply_adds((s.batch + 8) * s.features * s.units);
    return std::clamp(std::min(work / least_parallel_work, static_cast<index>(threads)), index{1}, parts);
}

} // namespace detail

/// Bytes of scratch memory the passes need on so many threads: backward only if `training`.
template <class T> constexpr index dense_scratch(const dense_sizes& s, int threads, bool training) {
    using detail::product_scratch, detail::rows_collide;
    index most =
        std::max(product_scratch<T>(s.batch, s.units, s.features, false, rows_collide<T>(s.features)),
                 detail::dense_dot_scratch<T>(s));
    if (training)
        most =
            std::max({most, product_scratch<T>(s.batch, s.features, s.units, false, rows_collide<T>(s.units)),
                      product_scratch<T>(s.features, s.units, s.batch, false, false),
                      product_scratch<T>(s.units, s.features, s.batch, true, false)});
    return bytes_of<T>(most * threads);
}

namespace detail {

/// y = x W + b; `activate` is told of every finished part.
template <class T>
void dense_forward(T* y, const T* x, const T* w, const T* b, const dense_sizes& s, int threads,
                   std::byte* scratch, finish_part activate, dense_algorithm algorithm) {
    if (algorithm == dense_algorithm::blas) {
        gemm(y, s.units, plain(x, s.features), plain(w, s.units), s.batch, s.units, s.features, 0,
             [&](index row_begin, index row_end, index begin, index end) {
                 if (b)
                     for (index row = row_begin; row < row_end; ++row)
                         for (index j = begin; j < end; ++j) y[row * s.units + j] += b[j];
                 activate(row_begin, row_end, begin, end);
             });
        return;
    }
    T* const room = reinterpret_cast<T*>(scratch);
    if (algorithm == dense_algorithm::dots) {
        const index blocks = chunk_count(s.features, detail::dense_dot_steps),
                    pieces = detail::dense_pieces(s, threads, s.batch);
        const index each = detail::dense_dot_scratch<T>(s);
        parallel_chunks(pieces, 1, threads, [&](int worker, index piece, index, index) {
            const index row = piece * s.batch / pieces, row_end = (piece + 1) * s.batch / pieces;
            T* const turned = room + worker * each;
            for (index j = 0; j < s.units; j += detail::dense_dot_columns)
                for (index i = 0; i < blocks; ++i) {
                    const index step = i * s.features / blocks, steps = (i + 1) * s.features / blocks - step;
                    const index stride = chunk_count(steps, detail::lanes<T>) * detail::lanes<T>,
                                columns = std::min(detail::dense_dot_columns, s.units - j);
                    detail::copy_transposed(turned, stride, w + step * s.units + j, s.units, steps, columns,
                                            true);
                    detail::multiply_by_dots<T>({y + row * s.units + j, s.units, 1}, b ? b + j : nullptr,
                                                i > 0, x + row * s.features + step, s.features, row_end - row,
                                                turned, stride, columns, steps);
                }
            activate(row, row_end, 0, s.units);
        });
        return;
    }
    if (algorithm == dense_algorithm::swept) {
        const index vectors = chunk_count(s.units, detail::lanes<T>),
                    pieces = detail::dense_pieces(s, threads, vectors);
        parallel_chunks(pieces, 1, threads, [&](int, index piece, index, index) {
            const index j = piece * vectors / pieces * detail::lanes<T>,
                        j_end = std::min(s.units, (piece + 1) * vectors / pieces * detail::lanes<T>);
            detail::multiply_sweeping(y + j, s.units, b ? b + j : nullptr, x, s.features, w + j, s.units,
                                      s.batch, j_end - j, s.features);
            activate(0, s.batch, j, j_end);
        });
        return;
    }
    const detail::product_job<T> job{.rows = s.batch,
                                     .columns = s.units,
                                     .steps = s.features,
                                     .a = x,
                                     .a_stride = s.features,
                                     .b = w,
                                     .b_stride = s.units,
                                     .start = b,
                                     .out = y,
                                     .out_stride = s.units};
    detail::multiply_tiled<detail::left::by_row>(job, detail::reads_in_place(job), threads, room, activate);
}

} // namespace detail

/// y = activation(x W + b); `b` may be null. `scratch` holds dense_scratch bytes.
template <class T, class Activation>
void dense_forward(T* y, const T* x, const T* w, const T* b, const dense_sizes& s, int threads,
                   std::byte* scratch, const Activation& activation, dense_algorithm algorithm) {
    const auto activate = [&](index row_begin, index row_end, index begin, index end) {
        if constexpr (has_activation<Activation>)
            detail::each_vector_of_tile<T>(s.units, row_begin, row_end, begin, end, [&](index i, auto... n) {
                detail::store(y + i, detail::value_of(activation, detail::load(y + i, n...)), n...);
            });
    };
    detail::dense_forward(y, x, w, b, s, threads, scratch, detail::finish_part(activate), algorithm);
}

template <class T, class Activation = no_activation>
void dense_forward(T* y, const T* x, const T* w, const T* b, const dense_sizes& s, int threads,
                   std::byte* scratch, const Activation& activation = {}) {
    dense_forward(y, x, w, b, s, threads, scratch, activation, dense_choice(dense_pass::forward, s));
}

namespace detail {

/// dx = dy W'; `multiply_slope` is told of every finished part.
template <class T>
void dense_backward_data(T* dx, const T* dy, const T* w, const dense_sizes& s, int threads,
                         std::byte* scratch, finish_part multiply_slope, dense_algorithm algorithm) {
    if (algorithm == dense_algorithm::blas) {
        gemm(dx, s.features, plain(dy, s.units), transposed(w, s.units), s.batch, s.features, s.units, 0,
             multiply_slope);
        return;
    }
    if (algorithm == dense_algorithm::dots) {
        const index pieces = detail::dense_pieces(s, threads, s.features);
        parallel_chunks(pieces, 1, threads, [&](int, index piece, index, index) {
            const index row = piece * s.features / pieces, row_end = (piece + 1) * s.features / pieces;
            detail::multiply_by_dots<T>({dx + row, 1, s.features}, nullptr, false, w + row * s.units, s.units,
                                        row_end - row, dy, s.units, s.batch, s.units);
            multiply_slope(0, s.batch, row, row_end);
        });
        return;
    }
    detail::product_job<T> job{.rows = s.batch,
                               .columns = s.features,
                               .steps = s.units,
                               .a = dy,
                               .a_stride = s.units,
                               .b = w,
                               .b_stride = s.units,
                               .b_transposed = true,
                               .out = dx,
                               .out_stride = s.features};
    detail::multiply_tiled<detail::left::by_row>(job, false, threads, reinterpret_cast<T*>(scratch),
                                                 multiply_slope);
}

} // namespace detail

/// dx = dy W', times below.slope(x) where x is the output of the activation `below`; without one x is not
/// read. Overwrites dx. `scratch` holds dense_scratch bytes.
template <class T, class Below>
void dense_backward_data(T* dx, const T* dy, const T* w, const dense_sizes& s, int threads,
                         std::byte* scratch, const T* x, const Below& below, dense_algorithm algorithm) {
    const auto multiply_slope = [&](index row_begin, index row_end, index begin, index end) {
        if constexpr (has_activation<Below>)
            detail::each_vector_of_tile<T>(
                s.features, row_begin, row_end, begin, end, [&](index i, auto... n) {
                    const auto above = detail::load(x + i, n...);
                    detail::store(dx + i, detail::times_slope(detail::load(dx + i, n...), below, above),
                                  n...);
                });
    };
    detail::dense_backward_data(dx, dy, w, s, threads, scratch, detail::finish_part(multiply_slope),
                                algorithm);
}

template <class T, class Below = no_activation>
void dense_backward_data(T* dx, const T* dy, const T* w, const dense_sizes& s, int threads,
                         std::byte* scratch, const T* x = nullptr, const Below& below = {}) {
    dense_backward_data(dx, dy, w, s, threads, scratch, x, below, dense_choice(dense_pass::backward_data, s));
}

/// dW = x' dy, db = the column sums of dy (null: not wanted). Overwrites them. `scratch` holds dense_scratch
/// bytes.
template <class T>
void dense_backward_weights(T* dw, T* db, const T* x, const T* dy, const dense_sizes& s, int threads,
                            std::byte* scratch, dense_algorithm algorithm) {
    if (db) {
        std::fill_n(db, s.units, T(0));
        add_column_sums(db, dy, s.batch, s.units);
    }
    if (algorithm == dense_algorithm::blas) {
        gemm(dw, s.units, transposed(x, s.features), plain(dy, s.units), s.features, s.units, s.batch);
        return;
    }
    detail::product_job<T> job{.rows = s.features,
                               .columns = s.units,
                               .steps = s.batch,
                               .a = x,
                               .a_stride = s.features,
                               .b = dy,
                               .b_stride = s.units,
                               .out = dw,
                               .out_stride = s.units};
    const auto nothing = [](index, index, index, index) {};
    bool in_place = detail::reads_in_place(job);
    if (algorithm == dense_algorithm::turned) {
        std::swap(job.rows, job.columns);
        std::swap(job.a, job.b);
        std::swap(job.a_stride, job.b_stride);
        job.out_transposed = in_place = true;
    }
    detail::multiply_tiled<detail::left::by_step>(job, in_place, threads, reinterpret_cast<T*>(scratch),
                                                  nothing);
}

template <class T>
void dense_backward_weights(T* dw, T* db, const T* x, const T* dy, const dense_sizes& s, int threads,
                            std::byte* scratch) {
    dense_backward_weights(dw, db, x, dy, s, threads, scratch, dense_choice(dense_pass::backward_weights, s));
}

#if defined(STRATA_COMPILED) // "extern" where another file compiles them, as cmake/compiled.cmake has it
STRATA_COMPILED template void detail::dense_forward<float>(float*, const float*, const float*, const float*,
                                                           const dense_sizes&, int, std::byte*,
                                                           detail::finish_part, dense_algorithm);
STRATA_COMPILED template void detail::dense_backward_data<float>(float*, const float*, const float*,
                                                                 const dense_sizes&, int, std::byte*,
                                                                 detail::finish_part, dense_algorithm);
STRATA_COMPILED template void dense_backward_weights<float>(float*, float*, const float*, const float*,
                                                            const dense_sizes&, int, std::byte*,
                                                            dense_algorithm);
STRATA_COMPILED template void detail::dense_forward<double>(double*, const double*, const double*,
                                                            const double*, const dense_sizes&, int,
                                                            std::byte*, detail::finish_part, dense_algorithm);
STRATA_COMPILED template void detail::dense_backward_data<double>(double*, const double*, const double*,
                                                                  const dense_sizes&, int, std::byte*,
                                                                  detail::finish_part, dense_algorithm);
STRATA_COMPILED template void dense_backward_weights<double>(double*, double*, const double*, const double*,
                                                             const dense_sizes&, int, std::byte*,
                                                             dense_algorithm);
#endif

} // namespace strata
