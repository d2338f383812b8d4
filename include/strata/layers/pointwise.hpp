#pragma once

#include <strata/core/concepts.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/core/sweep.hpp>

#include <array>
#include <cstddef>

namespace strata {

namespace detail {

/// f(i) for the vector at every i of arrays of `count` elements, or f(i, n) where only n of its lanes are in
/// them; `arrays` are read or written.
template <class T, class F> void sweep_vectors(index count, index arrays, const F& f) {
    sweep(count, sweep_grain, arrays * static_cast<index>(sizeof(T)),
          [&](index begin, index end) { vector_loop<T>(begin, end, f); });
}

/// spec.values(x) of a single number: the same bits as in a vector.
template <class Activation, class T> T value_by_vector(const Activation& spec, T x) {
    std::array<T, static_cast<std::size_t>(lanes<T>)> all;
    store(all.data(), spec.values(vector_of<T>(x)));
    return all[0];
}

} // namespace detail

/// An activation as its neighbours apply it, whatever the shape: y = activation(x), and its slope at y. Where
/// `spec` has values(vector) and slopes(vector), whole vectors go through those.
template <class Activation> struct activation_function {
    Activation spec;

    static constexpr bool slope_by_sign = detail::slope_by_sign<Activation>();

    template <class T> T operator()(T x) const { return spec.value(x); }
    template <class T> T slope(T y) const { return spec.slope(y); }
};

/// The layer of an activation whose slope is known from its output: y = value(x), dx = dy slope(y), element
/// by element and in place. An activation of one's own is a struct with `output`, `value`, `slope` and
/// `template <shape In, class T> struct layer : pointwise<mine, In, T> {};`. It may add `values` and
/// `slopes`, the same on vectors (see relu).
template <class Activation, shape In, class T> struct pointwise {
    Activation spec;

    static constexpr bool is_activation = true;
    static constexpr bool in_place = true;
    static constexpr bool backward_reads_input = false;

    /// What a neighbour applies in the place of this layer.
    activation_function<Activation> function() const { return {spec}; }

    void forward(const T* x, T* y, const pass& p) const {
        detail::sweep_vectors<T>(p.batch * In.size(), 2, [&](index i, auto... n) {
            detail::store(y + i, detail::value_of(function(), detail::load(x + i, n...)), n...);
        });
    }
    void backward(const T*, const T* y, const T* dy, T* dx, const pass& p) const {
        detail::sweep_vectors<T>(p.batch * In.size(), 3, [&](index i, auto... n) {
            const auto gradient = detail::load(dy + i, n...);
            detail::store(dx + i, detail::times_slope(gradient, function(), detail::load(y + i, n...)), n...);
        });
    }
};

} // namespace strata
