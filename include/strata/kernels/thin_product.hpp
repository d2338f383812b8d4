#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>
#include <strata/kernels/transpose.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

// Products with a dimension of a few elements, where a register tile would be half empty or a matrix would be
// copied for nearly nothing: sums of products along two rows, and rows of a matrix added up as they stream
// by.

namespace strata::detail {

/// The sums of the elements of vectors, in a fixed order: element i of the result is the sum over vector i.
template <std::size_t Half, class V, std::size_t N> V sums_of(std::array<V, N>& v) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < Half; ++i) {
        exchange_halves<Half>(v[i], v[i + Half], std::make_index_sequence<N>());
        v[i] += v[i + Half];
    }
    if constexpr (Half > 1)
        return sums_of<Half / 2>(v);
    else
        return v[0];
}

/// Rows and columns of the largest tile of sums.
inline constexpr index most_dot_rows = vector_registers == 32 ? 4 : 3;
inline constexpr index most_dot_columns = vector_registers == 32 ? 5 : 3;

/// sums[row * columns + column] = sum over steps of a[row][step] * b[column][step].
template <class T, index Rows, index Columns>
void multiply_dots(T* sums, const T* a, index a_stride, const T* b, index b_stride, index steps) {
    constexpr auto rows = static_cast<std::size_t>(Rows), columns = static_cast<std::size_t>(Columns);
    constexpr auto n = static_cast<std::size_t>(lanes<T>);
    using vector = vector_of<T>;
    std::array<vector, rows * columns> sum;
#pragma GCC unroll 32
    for (auto& s : sum) s = vector(T(0));
    const auto add = [&](auto at) {
        vector row[rows];
#pragma GCC unroll 4
        for (std::size_t r = 0; r < rows; ++r) row[r] = at(a + static_cast<index>(r) * a_stride);
#pragma GCC unroll 8
        for (std::size_t c = 0; c < columns; ++c) {
            vector column = at(b + static_cast<index>(c) * b_stride);
            keep_in_register<T>(column);
#pragma GCC unroll 4
            for (std::size_t r = 0; r < rows; ++r)
                sum[r * columns + c] = multiply_add(row[r], column, sum[r * columns + c]);
        }
    };
    index step = 0;
    for (; step + lanes<T> <= steps; step += lanes<T>) add([&](const T* p) { return load(p + step); });
    if (step < steps) add([&](const T* p) { return load(p + step, steps - step); });
#pragma GCC unroll 4
    for (std::size_t i = 0; i < rows * columns; i += n) {
        std::array<typename shuffled<T>::vector, n> some;
#pragma GCC unroll 16
        for (std::size_t l = 0; l < n; ++l) {
            const vector v = i + l < rows * columns ? sum[i + l] : vector(T(0));
            std::memcpy(&some[l], &v, sizeof v);
        }
        const auto all = sums_of<n / 2>(some);
        std::memcpy(sums + i, &all, sizeof all);
    }
}

template <class T> using dots_function = void (*)(T*, const T*, index, const T*, index, index);

/// The tile of 1 or most_dot_rows rows and so many columns.
template <class T> dots_function<T> dots(index rows, index columns) {
    static constexpr auto table = []<index Rows>() {
        return []<std::size_t... C>(std::index_sequence<C...>) {
            return std::array<dots_function<T>, sizeof...(C)>{
                &multiply_dots<T, Rows, static_cast<index>(C) + 1>...};
        }
        (std::make_index_sequence<static_cast<std::size_t>(most_dot_columns)>());
    };
    static constexpr auto one = table.template operator()<1>(),
                          most = table.template operator()<most_dot_rows>();
    const auto column = static_cast<std::size_t>(columns - 1);
    return rows == 1 ? one[column] : most[column];
}

/// Where an element of the result lies: row * row_stride + column * column_stride.
template <class T> struct dots_result {
    T* data;
    index row_stride, column_stride;
    T& operator()(index row, index column) const { return data[row * row_stride + column * column_stride]; }
};

/// out(row, column) = start[column] + sum over steps of a[row][step] * b[column][step] (null: 0); with `more`
/// the sums are added to out.
template <class T>
void multiply_by_dots(const dots_result<T>& out, const T* start, bool more, const T* a, index a_stride,
                      index rows, const T* b, index b_stride, index columns, index steps) {
    const index across = chunk_count(columns, most_dot_columns);
    constexpr index room = chunk_count(most_dot_rows * most_dot_columns, lanes<T>) * lanes<T>;
    alignas(64) std::array<T, static_cast<std::size_t>(room)> sums;
    for (index r = 0, r_end; r < rows; r = r_end) {
        r_end = r + (rows - r < most_dot_rows ? 1 : most_dot_rows);
        for (index j = 0; j < across; ++j) {
            const index c = j * columns / across, c_end = (j + 1) * columns / across;
            dots<T>(r_end - r, c_end - c)(sums.data(), a + r * a_stride, a_stride, b + c * b_stride, b_stride,
                                          steps);
            const T* sum = sums.data();
            for (index row = r; row < r_end; ++row)
                for (index column = c; column < c_end; ++column, ++sum)
                    out(row, column) = *sum + (more ? out(row, column) : start ? start[column] : T(0));
        }
    }
}

/// Rows of b that one sweep over the columns takes along.
inline constexpr index swept_rows = vector_registers / 4;

/// out[row][column] = start[column] + sum over steps of a[row][step] * b[step][column] (null: 0) for
/// `columns` of out, start and b. b is read once, row by row, where it lies: for few rows.
template <class T>
void multiply_sweeping(T* out, index out_stride, const T* start, const T* a, index a_stride, const T* b,
                       index b_stride, index rows, index columns, index steps) {
    using vector = vector_of<T>;
    constexpr index n = lanes<T>;
    constexpr auto at_once = static_cast<std::size_t>(swept_rows);
    const auto sweep = [&](auto count, index step) {
        constexpr std::size_t taken = count;
        const auto columns_at = [&](index c, auto vectors, auto get, auto put) {
            vector right[taken][vectors];
#pragma GCC unroll 8
            for (std::size_t s = 0; s < taken; ++s)
                for (std::size_t v = 0; v < vectors; ++v)
                    right[s][v] =
                        get(b + (step + static_cast<index>(s)) * b_stride + c + static_cast<index>(v) * n);
            for (index r = 0; r < rows; ++r) {
                T* const to = out + r * out_stride + c;
                const T* const from = step > 0 ? to : start ? start + c : nullptr;
                const T* const left = a + r * a_stride + step;
                vector sum[vectors];
                for (std::size_t v = 0; v < vectors; ++v)
                    sum[v] = from ? get(from + static_cast<index>(v) * n) : vector(T(0));
#pragma GCC unroll 8
                for (std::size_t s = 0; s < taken; ++s) {
                    const vector factor(left[s]);
                    for (std::size_t v = 0; v < vectors; ++v)
                        sum[v] = multiply_add(factor, right[s][v], sum[v]);
                }
                for (std::size_t v = 0; v < vectors; ++v) put(to + static_cast<index>(v) * n, sum[v]);
            }
        };
        const auto get = [](const T* p) { return load(p); };
        const auto put = [](T* p, const vector& v) { store(p, v); };
        constexpr std::integral_constant<std::size_t, 1> one;
        constexpr std::integral_constant<std::size_t, 2> two;
        index c = 0;
        for (; c + 2 * n <= columns; c += 2 * n) columns_at(c, two, get, put);
        for (; c < columns; c += n) {
            const index rest = std::min(n, columns - c);
            columns_at(
                c, one, [&](const T* p) { return load(p, rest); },
                [&](T* p, const vector& v) { store(p, v, rest); });
        }
    };
    index step = 0;
    for (; step + swept_rows <= steps; step += swept_rows)
        sweep(std::integral_constant<std::size_t, at_once>(), step);
    for (; step < steps; ++step) sweep(std::integral_constant<std::size_t, 1>(), step);
}

} // namespace strata::detail
