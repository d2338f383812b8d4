#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/kernels/conv2d_gemm.hpp>

#include <cstddef>

// The choice of algorithm for a convolution: the one place that knows which there are.

namespace strata {

/// Bytes of scratch memory conv2d_forward (and, in training, the backward kernels) need.
template <class T> constexpr index conv2d_scratch(const conv2d_sizes& s, int threads, bool training) {
    return conv2d_gemm_scratch<T>(s, threads, training);
}

/// y = activation(x * w + bias): y (batch, out_height, out_width, filters), x (batch, in_height, in_width,
/// channels), w (kernel height, kernel width, channels, filters), bias (filters) or null. `scratch` holds
/// conv2d_scratch bytes.
template <class T, class Activation = no_activation>
void conv2d_forward(T* y, const T* x, const T* w, const T* bias, const conv2d_sizes& s, int threads,
                    std::byte* scratch, const Activation& activation = {}) {
    conv2d_forward_gemm(y, x, w, bias, s, threads, scratch, activation);
}

/// dx (as x) = the gradient with respect to x, times below.slope(x) where x is the output of the activation
/// `below`; without one x is not read. Overwrites dx.
template <class T, class Below = no_activation>
void conv2d_backward_data(T* dx, const T* dy, const T* w, const conv2d_sizes& s, int threads,
                          std::byte* scratch, const T* x = nullptr, const Below& below = {}) {
    conv2d_backward_data_gemm(dx, dy, w, s, threads, scratch);
    if constexpr (has_activation<Below>)
        parallel_for(s.batch * s.inputs(), 16'384, [&](index begin, index end) {
            for (index i = begin; i < end; ++i) dx[i] *= below.slope(x[i]);
        });
}

/// dw (as w), db (filters, or null) = the gradients with respect to w and bias. Overwrites them.
template <class T>
void conv2d_backward_weights(T* dw, T* db, const T* x, const T* dy, const conv2d_sizes& s, int threads,
                             std::byte* scratch) {
    conv2d_backward_weights_gemm(dw, db, x, dy, s, threads, scratch);
}

} // namespace strata
