#pragma once

#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>
#include <strata/core/unroll.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <type_traits>

// Loops over (rows, columns) arrays with numbers per column, vector by vector whatever the number of columns:
// rows that do not fill vectors are taken several at a time, a "turn", so many that they do.

namespace strata::detail {

/// The longest turn of several rows: numbers per column are repeated for all of it.
template <class T> inline constexpr index widest_turn = 40 * lanes<T>;

/// Elements in one turn: rows that are a whole number of vectors, at least four of them; or one row, where
/// those would be too many, or nearly all of the rows there are.
template <class T> constexpr index turn_width(index rows, index columns) {
    const index least = std::lcm(columns, lanes<T>), four = 4 * lanes<T>;
    const index width = least >= four ? least : (four + least - 1) / least * least;
    return width <= widest_turn<T> && rows * columns >= 4 * width ? width : columns;
}

template <class T> using turn = std::array<T, static_cast<std::size_t>(widest_turn<T>)>;

/// One number per column, repeated for all rows of a turn.
template <class T> class repeated {
public:
    repeated(const T* values, index columns, index width) : m_values(values) {
        if (width == columns) return;
        m_copies.fill(T(0)); // for compilers that do not see that every number is written
        std::copy_n(values, columns, m_copies.data());
        for (index i = columns; i < width; ++i)
            m_copies[static_cast<std::size_t>(i)] = m_copies[static_cast<std::size_t>(i - columns)];
        m_values = m_copies.data();
    }
    repeated(const repeated&) = delete;
    repeated& operator=(const repeated&) = delete;
    const T* data() const { return m_values; }

private:
    turn<T> m_copies;
    const T* m_values;
};

/// Calls body(place, column) for every vector of an array of `size` elements, or body(place, column, n) where
/// only the first n lanes are in it; `column` is the place within the turn. What `body` captures by value
/// stays in registers.
template <class T, class Body>
[[gnu::always_inline]] inline void for_each_vector(index size, index width, Body body) {
    for (index at = 0; at < size; at += width) {
        const index count = std::min(width, size - at);
        vector_loop<T>(0, count, [=](index c, auto... n) { body(at + c, c, n...); });
    }
}

/// sums[s] (columns) += the column sums of what add(accumulators, place, column, n...) adds to accumulator s
/// for the vector at `place` (n: only its first n lanes). Memory is read in order: the sums of a narrow turn
/// stay in registers, wide turns are taken two at a time.
template <class T, std::size_t Sums, class Add>
void add_columns(const std::array<T*, Sums>& sums, index rows, index columns, index width, Add add) {
    using accumulators = std::array<vector_of<T>, Sums>;
    std::array<turn<T>, Sums> copies; // of the sums, for all rows of a turn
    std::array<T*, Sums> into = sums;
    if (width != columns)
        for (std::size_t s = 0; s < Sums; ++s) {
            std::fill_n(copies[s].data(), width, T(0));
            into[s] = copies[s].data();
        }
    const index size = rows * columns;
    // `vectors` of every turn between two places, from column c0
    const auto in_registers = [&](auto vectors, index c0, index from, index to) {
        std::array<accumulators, vectors> held;
        for (auto& a : held) a.fill(vector_of<T>(T(0)));
        for (index at = from; at + width <= to; at += width)
            unroll<vectors>([&](auto v) {
                const index c = c0 + static_cast<index>(v) * lanes<T>;
                add(held[v], at + c, c);
            });
        for (std::size_t v = 0; v < vectors; ++v)
            for (std::size_t s = 0; s < Sums; ++s) {
                T* const sum = into[s] + c0 + static_cast<index>(v) * lanes<T>;
                store(sum, load(sum) + held[v][s]);
            }
    };
    const auto partly = [&](index at, index c, index n) {
        accumulators held;
        for (std::size_t s = 0; s < Sums; ++s) held[s] = load(into[s] + c, n);
        add(held, at + c, c, n);
        for (std::size_t s = 0; s < Sums; ++s) store(into[s] + c, held[s], n);
    };
    constexpr index most = 8, least = 4;
    const index block = std::max<index>(1, 4 * 1024 / width) * width; // stays in the first-level cache
    const index whole = width / lanes<T>, turns_end = size / width * width;
    for (index from = 0; from < turns_end; from += block) {
        const index to = std::min(turns_end, from + block);
        index v = 0;
        for (; v + most + least <= whole; v += most)
            in_registers(std::integral_constant<std::size_t, most>{}, v * lanes<T>, from, to);
        unroll<most + least - 1>([&](auto rest) {
            if (whole - v == static_cast<index>(rest) + 1)
                in_registers(std::integral_constant<std::size_t, rest + 1>{}, v * lanes<T>, from, to);
        });
        if (whole * lanes<T> < width)
            for (index at = from; at < to; at += width)
                partly(at, whole * lanes<T>, width - whole * lanes<T>);
    }
    for (index c = 0; c < size - turns_end; c += lanes<T>) // the rows that do not fill a turn
        partly(turns_end, c, std::min(lanes<T>, size - turns_end - c));

    if (width != columns)
        for (std::size_t s = 0; s < Sums; ++s)
            for (index i = 0; i < width; i += columns)
                for (index c = 0; c < columns; ++c) sums[s][c] += into[s][i + c];
}

} // namespace strata::detail
