#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>

namespace strata {

/// An activation as its neighbours apply it, whatever the shape: y = activation(x), and its slope at y.
template <class Activation> struct activation_function {
    Activation spec;

    template <class T> T operator()(T x) const { return spec.value(x); }
    template <class T> T slope(T y) const { return spec.slope(y); }
};

/// The layer of an activation whose slope is known from its output: y = value(x), dx = dy slope(y), element
/// by element and in place. An activation of one's own is a struct with `output`, `value`, `slope` and
/// `template <shape In, class T> struct layer : pointwise<mine, In, T> {};`.
template <class Activation, shape In, class T> struct pointwise {
    Activation spec;

    static constexpr bool is_activation = true;
    static constexpr bool in_place = true;
    static constexpr bool backward_reads_input = false;

    /// What a neighbour applies in the place of this layer.
    activation_function<Activation> function() const { return {spec}; }

    void forward(const T* x, T* y, const pass& p) const {
        parallel_for(p.batch * In.size(), grain, [&](index begin, index end) {
            for (index i = begin; i < end; ++i) y[i] = spec.value(x[i]);
        });
    }
    void backward(const T*, const T* y, const T* dy, T* dx, const pass& p) const {
        parallel_for(p.batch * In.size(), grain, [&](index begin, index end) {
            for (index i = begin; i < end; ++i) dx[i] = dy[i] * spec.slope(y[i]);
        });
    }

private:
    static constexpr index grain = 16'384; // elements: half an L2 cache at most, thousands of cycles at least
};

} // namespace strata
