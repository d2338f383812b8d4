#pragma once

#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>

#include <array>
#include <cstddef>

// The transforms of Winograd's convolutions with 3x3 kernels (Lavin and Gray, "Fast algorithms for
// convolutional neural networks", 2016): y = A' ((G w G') (B' x B)) A, the product in the middle element by
// element.

namespace strata::detail {

template <class T, std::size_t N> using vectors = std::array<vector_of<T>, N>;

/// The matrices of F(Tile x Tile, 3x3), each applied to one row or column of vectors. Tile + 2 polynomials'
/// values are multiplied where the definition multiplies 3 Tile numbers.
template <class T, index Tile> struct winograd;

/// F(2x2): the points 0, 1, -1 and infinity.
template <class T> struct winograd<T, 2> {
    static constexpr std::size_t tile = 2, points = 4;
    using vector = vector_of<T>;

    /// B' d
    [[gnu::always_inline]] static vectors<T, 4> input(const vectors<T, 4>& d) {
        return {d[0] - d[2], d[1] + d[2], d[2] - d[1], d[3] - d[1]};
    }
    /// G w
    [[gnu::always_inline]] static vectors<T, 4> filter(const vectors<T, 3>& w) {
        const vector half(T(0.5)), even = half * (w[0] + w[2]), odd = half * w[1];
        return {w[0], even + odd, even - odd, w[2]};
    }
    /// A' m
    [[gnu::always_inline]] static vectors<T, 2> output(const vectors<T, 4>& m) {
        return {m[0] + (m[1] + m[2]), m[3] + (m[1] - m[2])};
    }
    /// A y
    [[gnu::always_inline]] static vectors<T, 4> output_gradient(const vectors<T, 2>& y) {
        return {y[0], y[0] + y[1], y[0] - y[1], y[1]};
    }
    /// G' u
    [[gnu::always_inline]] static vectors<T, 3> filter_gradient(const vectors<T, 4>& u) {
        const vector half(T(0.5)), even = half * (u[1] + u[2]);
        return {u[0] + even, half * (u[1] - u[2]), u[3] + even};
    }
};

/// F(4x4): the points 0, p, -p, q, -q and infinity. With p = 5/8 and q = 3/2, whose powers are exact, the
/// rounding error of outputs and of weight gradients is less than half of that with the usual 1 and 2.
template <class T> struct winograd<T, 4> {
    static constexpr std::size_t tile = 4, points = 6;
    using vector = vector_of<T>;

    static constexpr T p = T(0.625), q = T(1.5), p2 = p * p, q2 = q * q, p3 = p2 * p, q3 = q2 * q;
    /// What the rows of G are divided by: the product of a point's distances from the others.
    static constexpr T g0 = T(1) / (p2 * q2), gp = T(1) / (2 * p2 * (p2 - q2)),
                       gq = T(1) / (2 * q2 * (q2 - p2));

    /// B' d
    [[gnu::always_inline]] static vectors<T, 6> input(const vectors<T, 6>& d) {
        const vector product(p2 * q2), sum(-p2 - q2), minus_p2(-p2), minus_q2(-q2);
        const vector even_p = multiply_add(minus_q2, d[2], d[4]), odd_p = multiply_add(minus_q2, d[1], d[3]);
        const vector even_q = multiply_add(minus_p2, d[2], d[4]), odd_q = multiply_add(minus_p2, d[1], d[3]);
        return {multiply_add(product, d[0], multiply_add(sum, d[2], d[4])),
                multiply_add(vector(p), odd_p, even_p),
                multiply_add(vector(-p), odd_p, even_p),
                multiply_add(vector(q), odd_q, even_q),
                multiply_add(vector(-q), odd_q, even_q),
                multiply_add(product, d[1], multiply_add(sum, d[3], d[5]))};
    }
    /// G w
    [[gnu::always_inline]] static vectors<T, 6> filter(const vectors<T, 3>& w) {
        const vector even_p = vector(gp) * multiply_add(vector(p2), w[2], w[0]),
                     odd_p = vector(gp * p) * w[1];
        const vector even_q = vector(gq) * multiply_add(vector(q2), w[2], w[0]),
                     odd_q = vector(gq * q) * w[1];
        return {vector(g0) * w[0], even_p + odd_p, even_p - odd_p, even_q + odd_q, even_q - odd_q, w[2]};
    }
    /// A' m
    [[gnu::always_inline]] static vectors<T, 4> output(const vectors<T, 6>& m) {
        const vector even_p = m[1] + m[2], odd_p = m[1] - m[2], even_q = m[3] + m[4], odd_q = m[3] - m[4];
        return {m[0] + (even_p + even_q), multiply_add(vector(p), odd_p, vector(q) * odd_q),
                multiply_add(vector(p2), even_p, vector(q2) * even_q),
                multiply_add(vector(p3), odd_p, multiply_add(vector(q3), odd_q, m[5]))};
    }
    /// A y
    [[gnu::always_inline]] static vectors<T, 6> output_gradient(const vectors<T, 4>& y) {
        const vector even_p = multiply_add(vector(p2), y[2], y[0]),
                     odd_p = multiply_add(vector(p2), y[3], y[1]);
        const vector even_q = multiply_add(vector(q2), y[2], y[0]),
                     odd_q = multiply_add(vector(q2), y[3], y[1]);
        return {y[0],
                multiply_add(vector(p), odd_p, even_p),
                multiply_add(vector(-p), odd_p, even_p),
                multiply_add(vector(q), odd_q, even_q),
                multiply_add(vector(-q), odd_q, even_q),
                y[3]};
    }
    /// G' u
    [[gnu::always_inline]] static vectors<T, 3> filter_gradient(const vectors<T, 6>& u) {
        const vector even_p = vector(gp) * (u[1] + u[2]), odd_p = vector(gp * p) * (u[1] - u[2]);
        const vector even_q = vector(gq) * (u[3] + u[4]), odd_q = vector(gq * q) * (u[3] - u[4]);
        return {multiply_add(vector(g0), u[0], even_p + even_q), odd_p + odd_q,
                multiply_add(vector(p2), even_p, multiply_add(vector(q2), even_q, u[5]))};
    }
};

/// A square of From x From vectors, load(row, column), becomes one of To x To, store(row, column, vector), by
/// a transform of all its rows and then of all columns.
template <class T, std::size_t From, std::size_t To, class Load, class Transform, class Store>
[[gnu::always_inline]] inline void transform_square(const Load& load, const Transform& transform,
                                                    const Store& store) {
    std::array<vectors<T, To>, From> rows;
#pragma GCC unroll 8
    for (std::size_t i = 0; i < From; ++i) {
        vectors<T, From> row;
#pragma GCC unroll 8
        for (std::size_t j = 0; j < From; ++j) row[j] = load(i, j);
        rows[i] = transform(row);
    }
#pragma GCC unroll 8
    for (std::size_t j = 0; j < To; ++j) {
        vectors<T, From> column;
#pragma GCC unroll 8
        for (std::size_t i = 0; i < From; ++i) column[i] = rows[i][j];
        const vectors<T, To> result = transform(column);
#pragma GCC unroll 8
        for (std::size_t i = 0; i < To; ++i) store(i, j, result[i]);
    }
}

} // namespace strata::detail
