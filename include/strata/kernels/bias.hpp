#pragma once

#include <strata/core/shape.hpp>
#include <strata/kernels/rows.hpp>

namespace strata {

/// y = activation(y + bias) for y (rows, columns), on the calling thread. `bias` may be null.
template <class T, class Activation>
void add_bias(T* y, const T* bias, index rows, index columns, const Activation& activation) {
    if (!bias) {
        for (index i = 0; i < rows * columns; ++i) y[i] = activation(y[i]);
        return;
    }
    const detail::repeated<T> repeated(bias, columns);
    const T* __restrict const b = repeated.data();
    detail::for_each_turn(rows, columns, [&](index begin, index count) {
        T* __restrict const at = y + begin;
        for (index j = 0; j < count; ++j) at[j] = activation(at[j] + b[j]);
    });
}

/// db += the column sums of dy (rows, columns), on the calling thread.
template <class T> void add_column_sums(T* db, const T* dy, index rows, index columns) {
    detail::column_sums<T> sums(db, columns);
    T* const sum = sums.data();
    detail::for_each_turn(rows, columns, [&](index begin, index count) {
        const T* const at = dy + begin;
#pragma omp simd
        for (index j = 0; j < count; ++j) sum[j] += at[j];
    });
    sums.finish();
}

} // namespace strata
