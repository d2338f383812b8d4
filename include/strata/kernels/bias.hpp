#pragma once

#include <strata/core/shape.hpp>

#include <algorithm>
#include <array>

namespace strata {

namespace detail {
/// Rows narrower than this are handled 16 at a time, so that the inner loop is long enough for vectors.
inline constexpr index narrow = 16;
inline constexpr index rows_at_once = 16;
} // namespace detail

/// y = activation(y + bias) for y (rows, columns), on the calling thread. `bias` may be null.
template <class T, class Activation>
void add_bias(T* y, const T* bias, index rows, index columns, const Activation& activation) {
    if (!bias) {
#pragma omp simd
        for (index i = 0; i < rows * columns; ++i) y[i] = activation(y[i]);
        return;
    }
    std::array<T, static_cast<std::size_t>(detail::narrow * detail::rows_at_once)> repeated;
    index width = columns, height = rows;
    if (columns < detail::narrow) {
        width = columns * detail::rows_at_once;
        height = rows / detail::rows_at_once;
        for (index i = 0; i < width; ++i) repeated[static_cast<std::size_t>(i)] = bias[i % columns];
        for (index i = height * width; i < rows * columns; ++i) y[i] = activation(y[i] + bias[i % columns]);
        bias = repeated.data();
    }
    for (index i = 0; i < height; ++i, y += width) {
#pragma omp simd
        for (index j = 0; j < width; ++j) y[j] = activation(y[j] + bias[j]);
    }
}

/// db += the column sums of dy (rows, columns), on the calling thread.
template <class T> void add_column_sums(T* db, const T* dy, index rows, index columns) {
    std::array<T, static_cast<std::size_t>(detail::narrow * detail::rows_at_once)> sums{};
    if (columns >= detail::narrow) {
        for (index i = 0; i < rows; ++i, dy += columns) {
#pragma omp simd
            for (index j = 0; j < columns; ++j) db[j] += dy[j];
        }
        return;
    }
    const index width = columns * detail::rows_at_once, height = rows / detail::rows_at_once;
    T* const partial = sums.data();
    for (index i = 0; i < height; ++i, dy += width) {
#pragma omp simd
        for (index j = 0; j < width; ++j) partial[j] += dy[j];
    }
    for (index j = 0; j < width; ++j) db[j % columns] += partial[j];
    for (index i = 0; i < (rows - height * detail::rows_at_once) * columns; ++i) db[i % columns] += dy[i];
}

} // namespace strata
