#pragma once

#include <strata/core/shape.hpp>

#include <algorithm>
#include <array>

// Loops over (rows, columns) arrays with numbers per column. Rows narrower than a few vectors are taken
// several at a time, so that the inner loop is long enough for the machine whatever the number of columns.

namespace strata::detail {

inline constexpr index narrow = 16;
inline constexpr index rows_at_once = 16;

/// Elements in one turn of the inner loop: a whole number of rows.
constexpr index turn_width(index columns) {
    return columns < narrow ? columns * rows_at_once : columns;
}

/// Calls body(begin, count) for pieces of at most turn_width(columns) elements of 0 .. rows * columns; every
/// piece begins with a row.
template <class Body> void for_each_turn(index rows, index columns, const Body& body) {
    const index width = turn_width(columns), size = rows * columns;
    for (index i = 0; i < size; i += width) body(i, std::min(width, size - i));
}

template <class T> using turn = std::array<T, static_cast<std::size_t>(narrow* rows_at_once)>;

/// One number per column, repeated for all rows of a turn.
template <class T> class repeated {
public:
    repeated(const T* values, index columns) : m_values(values) {
        if (columns >= narrow) return;
        for (index i = 0; i < turn_width(columns); ++i)
            m_copies[static_cast<std::size_t>(i)] = values[i % columns];
        m_values = m_copies.data();
    }
    repeated(const repeated&) = delete;
    repeated& operator=(const repeated&) = delete;
    const T* data() const { return m_values; }

private:
    turn<T> m_copies;
    const T* m_values;
};

/// One sum per column, on top of what is in `target`; `finish` adds up the rows of a turn in order.
template <class T> class column_sums {
public:
    column_sums(T* target, index columns) : m_target(target), m_columns(columns) {
        if (columns < narrow) m_copies.fill(T(0));
    }
    column_sums(const column_sums&) = delete;
    column_sums& operator=(const column_sums&) = delete;
    T* data() { return m_columns < narrow ? m_copies.data() : m_target; }
    void finish() {
        if (m_columns < narrow)
            for (index i = 0; i < turn_width(m_columns); ++i)
                m_target[i % m_columns] += m_copies[static_cast<std::size_t>(i)];
    }

private:
    turn<T> m_copies;
    T* m_target;
    index m_columns;
};

} // namespace strata::detail
