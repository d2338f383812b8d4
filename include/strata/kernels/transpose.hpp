#pragma once

#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace strata::detail {

/// A vector register as the compiler's own type, whose elements may be moved about in any way.
template <class T> struct shuffled { typedef T vector __attribute__((vector_size(sizeof(vector_of<T>)))); };

/// Of two rows `Half` apart: the blocks of Half elements that stand off the diagonal change places.
template <std::size_t Half, class V, std::size_t... L>
void exchange_halves(V& a, V& b, std::index_sequence<L...>) {
    constexpr std::size_t n = sizeof...(L);
    const V low = __builtin_shufflevector(a, b, static_cast<int>(L & Half ? n + L - Half : L)...);
    b = __builtin_shufflevector(a, b, static_cast<int>(L & Half ? n + L : L + Half)...);
    a = low;
}

template <std::size_t Half, class V, std::size_t N> void transpose_rows(std::array<V, N>& row) {
    if constexpr (Half > 0) {
#pragma GCC unroll 16
        for (std::size_t i = 0; i < N; ++i)
            if (!(i & Half)) exchange_halves<Half>(row[i], row[i + Half], std::make_index_sequence<N>());
        transpose_rows<Half / 2>(row);
    }
}

/// out[column][row] = in[row][column] for as many rows and columns as a vector has elements at most. Rows of
/// out are `out_stride` apart; with `whole` all elements of a vector of out are written, 0 beyond `rows`.
template <class T>
[[gnu::noinline]] void transpose_block(T* out, index out_stride, const T* in, index in_stride, index rows,
                                       index columns, bool whole) {
    constexpr auto n = static_cast<std::size_t>(lanes<T>);
    std::array<typename shuffled<T>::vector, n> row;
    const bool full = columns == lanes<T>;
#pragma GCC unroll 16
    for (std::size_t r = 0; r < n; ++r) {
        vector_of<T> v(T(0));
        const auto i = static_cast<index>(r);
        if (i < rows) v = full ? load(in + i * in_stride) : load(in + i * in_stride, columns);
        std::memcpy(&row[r], &v, sizeof v);
    }
    transpose_rows<n / 2>(row);
    whole = whole || rows == lanes<T>;
#pragma GCC unroll 16
    for (std::size_t c = 0; c < n; ++c) {
        const auto j = static_cast<index>(c);
        if (j >= columns) break;
        vector_of<T> v;
        std::memcpy(&v, &row[c], sizeof v);
        if (whole)
            store(out + j * out_stride, v);
        else
            store(out + j * out_stride, v, rows);
    }
}

/// out[column][row] = in[row][column]. With `whole` every row of out is written to the end of its last
/// vector, 0 beyond `rows`.
template <class T>
void copy_transposed(T* out, index out_stride, const T* in, index in_stride, index rows, index columns,
                     bool whole = false) {
    constexpr index n = lanes<T>;
    for (index r = 0; r < rows; r += n)
        for (index c = 0; c < columns; c += n)
            transpose_block(out + c * out_stride + r, out_stride, in + r * in_stride + c, in_stride,
                            std::min(n, rows - r), std::min(n, columns - c), whole);
}

} // namespace strata::detail
