#pragma once

#include <strata/core/shape.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/kernels/rows.hpp>

namespace strata {

/// y = activation(y + bias) for y (rows, columns), on the calling thread. `bias` may be null.
template <class T, class Activation>
void add_bias(T* y, const T* bias, index rows, index columns, const Activation& activation) {
    using namespace detail;
    const index width = bias ? turn_width<T>(rows, columns) : rows * columns;
    const repeated<T> biases(bias, columns, bias ? width : columns);
    const T* const b = biases.data();
    for_each_vector<T>(rows * columns, width, [=](index at, index c, auto... n) {
        const auto sum = b ? load(y + at, n...) + load(b + c, n...) : load(y + at, n...);
        store(y + at, value_of(activation, sum), n...);
    });
}

/// db += the column sums of dy (rows, columns), on the calling thread.
template <class T> void add_column_sums(T* db, const T* dy, index rows, index columns) {
    detail::add_columns<T, 1>(
        {db}, rows, columns, detail::turn_width<T>(rows, columns),
        [=](auto& sums, index at, index, auto... n) { sums[0] += detail::load(dy + at, n...); });
}

} // namespace strata
