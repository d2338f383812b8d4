#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

// The inner loop of every product that is not BLAS's: a tile of the result, some rows times one or two
// vectors of columns, stays in registers while it sums over the inner dimension.

namespace strata::detail {

/// How the rows of the left operand lie: a row's elements one behind the other (images and samples as they
/// are stored), or the elements of all rows one behind the other in every step (their transpose).
enum class left { by_row, by_step };

/// out[row][column] = start[column] + sum over segments and steps of a[segment][row][step] *
/// b[segment][step][column].
template <class T> struct tile_job {
    const T* a;
    index a_stride = 0;  ///< from one row to the next (left::by_row), or from one step to the next (by_step)
    index a_segment = 0; ///< from one segment to the next
    const T* b;
    index b_stride = 0; ///< from one step to the next
    index b_segment = 0;
    index segments = 1, steps = 0;
    const T* start = nullptr; ///< what the sums begin with; null: 0
    index start_stride = 0;   ///< from one row to the next: 0 for a bias, that of out to go on with its sums
    T* out;
    index out_stride; ///< from one row to the next
    index columns; ///< more than (Vectors - 1) * lanes, at most Vectors * lanes; b is read in whole vectors
};

/// Rows of the largest tile with one and with two vectors of columns: 16 sums hide the latency of the
/// multiply-adds of two units; more would fill 32 registers, but run no faster and take longer to compile.
constexpr index most_rows(index vectors) {
    return vectors == 1 || vector_registers == 32 ? 8 : 6;
}

/// Calls body(row, size) for runs of `rows` rows, as few as tiles of so many vectors of columns can take, and
/// nearly equal.
template <class Body> void for_each_tile(index rows, index vectors, const Body& body) {
    const index tiles = chunk_count(rows, most_rows(vectors));
    for (index t = 0; t < tiles; ++t) {
        const index row = t * rows / tiles;
        body(row, (t + 1) * rows / tiles - row);
    }
}

template <class T, left Layout, index Rows, index Vectors> void multiply_tile(const tile_job<T>& job) {
    constexpr auto rows = static_cast<std::size_t>(Rows), vectors = static_cast<std::size_t>(Vectors);
    using vector = vector_of<T>;
    vector sum[rows][vectors];
    const index last = job.columns - (Vectors - 1) * lanes<T>; // columns of the last vector
    if (job.start) {
#pragma GCC unroll 16
        for (std::size_t r = 0; r < rows; ++r) {
            const T* const start = job.start + static_cast<index>(r) * job.start_stride;
            if constexpr (Vectors == 2) sum[r][0] = load(start);
            sum[r][vectors - 1] = last == lanes<T> ? load(start + (Vectors - 1) * lanes<T>)
                                                   : load(start + (Vectors - 1) * lanes<T>, last);
        }
    } else {
#pragma GCC unroll 16
        for (std::size_t r = 0; r < rows; ++r)
#pragma GCC unroll 4
            for (std::size_t v = 0; v < vectors; ++v) sum[r][v] = vector(T(0));
    }
    if (job.start_stride == 0) { // out has not been touched: have it fetched while the sums are made
#pragma GCC unroll 16
        for (std::size_t r = 0; r < rows; ++r) {
            const T* const out = job.out + static_cast<index>(r) * job.out_stride;
            __builtin_prefetch(out, 1);
            if constexpr (Vectors == 2) __builtin_prefetch(out + lanes<T>, 1);
        }
    }
    const T* a_segment = job.a;
    const T* b_segment = job.b;
    const index a_stride = job.a_stride, b_stride = job.b_stride;
    for (index segment = 0; segment < job.segments; ++segment) {
        const T* a = a_segment;
        const T* b = b_segment;
        for (index step = 0; step < job.steps; ++step) {
            vector column[vectors];
#pragma GCC unroll 4
            for (std::size_t v = 0; v < vectors; ++v) {
                column[v] = load(b + static_cast<index>(v) * lanes<T>);
                keep_in_register<T>(column[v]);
            }
#pragma GCC unroll 16
            for (std::size_t r = 0; r < rows; ++r) {
                const vector row(a[static_cast<index>(r) * (Layout == left::by_row ? a_stride : 1)]);
#pragma GCC unroll 4
                for (std::size_t v = 0; v < vectors; ++v) sum[r][v] = multiply_add(row, column[v], sum[r][v]);
            }
            a += Layout == left::by_row ? 1 : a_stride;
            b += b_stride;
        }
        a_segment += job.a_segment;
        b_segment += job.b_segment;
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < rows; ++r) {
        T* const out = job.out + static_cast<index>(r) * job.out_stride;
        if constexpr (Vectors == 2) store(out, sum[r][0]);
        if (last == lanes<T>)
            store(out + (Vectors - 1) * lanes<T>, sum[r][vectors - 1]);
        else
            store(out + (Vectors - 1) * lanes<T>, sum[r][vectors - 1], last);
    }
}

template <class T> using tile_function = void (*)(const tile_job<T>&);

/// The tile of `rows` rows and `vectors` (1 or 2) vectors of columns.
template <class T, left Layout> tile_function<T> tile(index rows, index vectors) {
    static constexpr auto table = []<index Vectors>() {
        return []<std::size_t... R>(std::index_sequence<R...>) {
            return std::array<tile_function<T>, sizeof...(R)>{
                &multiply_tile<T, Layout, static_cast<index>(R) + 1, Vectors>...};
        }
        (std::make_index_sequence<static_cast<std::size_t>(most_rows(Vectors))>());
    };
    static constexpr auto one = table.template operator()<1>();
    static constexpr auto two = table.template operator()<2>();
    const auto row = static_cast<std::size_t>(rows - 1);
    return vectors == 1 ? one[row] : two[row];
}

#if defined(STRATA_COMPILED) // "extern" where another file compiles them, as cmake/compiled.cmake has it
STRATA_COMPILED template tile_function<float> tile<float, left::by_row>(index, index);
STRATA_COMPILED template tile_function<float> tile<float, left::by_step>(index, index);
STRATA_COMPILED template tile_function<double> tile<double, left::by_row>(index, index);
STRATA_COMPILED template tile_function<double> tile<double, left::by_step>(index, index);
#endif

} // namespace strata::detail
