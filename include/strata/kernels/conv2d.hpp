#pragma once

#include <strata/core/error.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/kernels/conv2d_direct.hpp>
#include <strata/kernels/conv2d_gemm.hpp>
#include <strata/kernels/conv2d_reference.hpp>
#include <strata/kernels/dense.hpp>
#include <strata/kernels/winograd.hpp>
#include <strata/kernels/winograd_choice.hpp>

#include <algorithm>
#include <cstddef>

// The choice of algorithm for a convolution: the one place that knows which there are.

namespace strata {

/// How a convolution is computed.
enum class conv2d_algorithm {
    reference, ///< by the definition: one thread, no scratch memory; what the others are tested against
    gemm,      ///< a matrix of patches times the weights, on BLAS
    direct,    ///< register tiles over the image where it lies
    product,   ///< the products of a dense layer, whose samples are the pixels: where s.is_product()
    winograd2, ///< F(2x2, 3x3): 2.25 times fewer multiplications, nearly the same rounding
    winograd4  ///< F(4x4, 3x3): 4 times fewer; errors some times as large (tests/kernels/winograd_test.cpp)
};

/// Whether BLAS is faster than a direct kernel for the input gradient: 1.5 - 2.5 times with 1 to 3 channels,
/// where a vector is filled with neighbours that see few taps in common.
constexpr bool conv2d_gemm_wins_backward_data(const conv2d_sizes& s) {
    return !conv2d_direct_can(s) || (s.channels <= 3 && s.geometry.taps() >= 9);
}

/// Algorithms to choose from, beside `direct`: what is not among them is not compiled.
struct conv2d_candidates {
    bool reference = true, gemm = true, winograd2 = true, winograd4 = true, product = true;
    bool gemm_backward_data = true; ///< gemm for this pass

    /// Those that may be chosen for a layer, whatever the batch.
    static constexpr conv2d_candidates of(conv2d_sizes s) {
        conv2d_candidates among{.reference = false,
                                .gemm = false,
                                .winograd2 = false,
                                .winograd4 = false,
                                .product = s.is_product(),
                                .gemm_backward_data = !s.is_product() && conv2d_gemm_wins_backward_data(s)};
        for (const index batch : {1, 16, 128})
            for (const auto pass :
                 {conv2d_pass::forward, conv2d_pass::backward_data, conv2d_pass::backward_weights}) {
                s.batch = batch;
                const index tile = winograd_tile(s, pass);
                among.winograd2 = among.winograd2 || tile == 2;
                among.winograd4 = among.winograd4 || tile == 4;
            }
        return among;
    }
};

/// One algorithm for each pass.
struct conv2d_algorithms {
    conv2d_algorithm forward, backward_data, backward_weights;

    /// The same for all.
    static constexpr conv2d_algorithms all(conv2d_algorithm a) { return {a, a, a}; }
    /// What is fastest for these sizes.
    static constexpr conv2d_algorithms of(const conv2d_sizes& s, conv2d_candidates among = {}) {
        using enum conv2d_algorithm;
        const auto choose = [&](conv2d_pass pass) {
            // 1.1 - 1.3 times as fast as direct, which sums the weights over many pixels twice as fast
            constexpr index many = 4'096;
            if (s.is_product())
                return pass == conv2d_pass::backward_weights && s.batch * s.geometry.outputs() >= many
                           ? direct
                           : product;
            if (pass == conv2d_pass::backward_data && conv2d_gemm_wins_backward_data(s)) return gemm;
            switch (winograd_tile(s, pass, among.winograd2, among.winograd4)) {
            case 2:
                return winograd2;
            case 4:
                return winograd4;
            default:
                return direct;
            }
        };
        return {choose(conv2d_pass::forward), choose(conv2d_pass::backward_data),
                choose(conv2d_pass::backward_weights)};
    }
    constexpr bool use(conv2d_algorithm a) const {
        return forward == a || backward_data == a || backward_weights == a;
    }
};

namespace detail {
/// The convolution as a dense layer.
constexpr dense_sizes dense_of(const conv2d_sizes& s) {
    return {s.batch * s.geometry.outputs(), s.channels, s.filters};
}
} // namespace detail

/// Bytes of scratch memory conv2d_forward (and, in training, the backward kernels) need.
template <class T>
constexpr index conv2d_scratch(const conv2d_sizes& s, int threads, bool training, conv2d_algorithms by) {
    index bytes = 0;
    if (by.use(conv2d_algorithm::winograd2))
        bytes = std::max(bytes, winograd_scratch<T, 2>(s, threads, training));
    if (by.use(conv2d_algorithm::winograd4))
        bytes = std::max(bytes, winograd_scratch<T, 4>(s, threads, training));
    if (by.use(conv2d_algorithm::gemm)) bytes = std::max(bytes, conv2d_gemm_scratch<T>(s, threads, training));
    if (by.use(conv2d_algorithm::direct))
        bytes = std::max(bytes, conv2d_direct_scratch<T>(s, threads, training));
    if (by.use(conv2d_algorithm::product))
        bytes = std::max(bytes, dense_scratch<T>(detail::dense_of(s), threads, training));
    return bytes;
}
template <class T>
constexpr index conv2d_scratch(const conv2d_sizes& s, int threads, bool training,
                               conv2d_candidates among = {}) {
    return conv2d_scratch<T>(s, threads, training, conv2d_algorithms::of(s, among));
}

/// y = activation(x * w + bias): y (batch, out_height, out_width, filters), x (batch, in_height, in_width,
/// channels), w (kernel height, kernel width, channels, filters), bias (filters) or null. `scratch` holds
/// conv2d_scratch bytes for the same algorithms.
template <conv2d_candidates Among = conv2d_candidates{}, class T, class Activation = no_activation>
void conv2d_forward(T* y, const T* x, const T* w, const T* bias, const conv2d_sizes& s, int threads,
                    std::byte* scratch, const Activation& activation, conv2d_algorithms by) {
    switch (by.forward) {
    case conv2d_algorithm::reference:
        if constexpr (Among.reference) {
            conv2d_forward_reference(y, x, w, bias, s);
            for (index i = 0; i < s.batch * s.outputs(); ++i) y[i] = activation(y[i]);
            return;
        }
        break;
    case conv2d_algorithm::gemm:
        if constexpr (Among.gemm) {
            return conv2d_forward_gemm(y, x, w, bias, s, threads, scratch, activation);
        }
        break;
    case conv2d_algorithm::direct:
        return conv2d_forward_direct(y, x, w, bias, s, threads, scratch, activation);
    case conv2d_algorithm::product:
        if constexpr (Among.product) {
            return dense_forward(y, x, w, bias, detail::dense_of(s), threads, scratch, activation);
        }
        break;
    case conv2d_algorithm::winograd2:
        if constexpr (Among.winograd2) {
            return conv2d_forward_winograd<2>(y, x, w, bias, s, threads, scratch, activation);
        }
        break;
    case conv2d_algorithm::winograd4:
        if constexpr (Among.winograd4) {
            return conv2d_forward_winograd<4>(y, x, w, bias, s, threads, scratch, activation);
        }
        break;
    }
}
template <conv2d_candidates Among = conv2d_candidates{}, class T, class Activation = no_activation>
void conv2d_forward(T* y, const T* x, const T* w, const T* bias, const conv2d_sizes& s, int threads,
                    std::byte* scratch, const Activation& activation = {}) {
    conv2d_forward<Among>(y, x, w, bias, s, threads, scratch, activation, conv2d_algorithms::of(s, Among));
}

/// dx (as x) = the gradient with respect to x, times below.slope(x) where x is the output of the activation
/// `below`; without one x is not read. Overwrites dx.
template <conv2d_candidates Among = conv2d_candidates{}, class T, class Below = no_activation>
void conv2d_backward_data(T* dx, const T* dy, const T* w, const conv2d_sizes& s, int threads,
                          std::byte* scratch, const T* x, const Below& below, conv2d_algorithms by) {
    switch (by.backward_data) {
    case conv2d_algorithm::reference:
        if constexpr (Among.reference) { conv2d_backward_data_reference(dx, dy, w, s); }
        break;
    case conv2d_algorithm::gemm:
        if constexpr (Among.gemm_backward_data) { conv2d_backward_data_gemm(dx, dy, w, s, threads, scratch); }
        break;
    case conv2d_algorithm::direct:
        return conv2d_backward_data_direct(dx, dy, w, s, threads, scratch, x, below);
    case conv2d_algorithm::product:
        if constexpr (Among.product) {
            return dense_backward_data(dx, dy, w, detail::dense_of(s), threads, scratch, x, below);
        }
        break;
    case conv2d_algorithm::winograd2:
        if constexpr (Among.winograd2) {
            return conv2d_backward_data_winograd<2>(dx, dy, w, s, threads, scratch, x, below);
        }
        break;
    case conv2d_algorithm::winograd4:
        if constexpr (Among.winograd4) {
            return conv2d_backward_data_winograd<4>(dx, dy, w, s, threads, scratch, x, below);
        }
        break;
    }
    if constexpr (has_activation<Below>)
        parallel_for(s.batch * s.inputs(), 16'384, [&](index begin, index end) {
            for (index i = begin; i < end; ++i) dx[i] *= below.slope(x[i]);
        });
}
template <conv2d_candidates Among = conv2d_candidates{}, class T, class Below = no_activation>
void conv2d_backward_data(T* dx, const T* dy, const T* w, const conv2d_sizes& s, int threads,
                          std::byte* scratch, const T* x = nullptr, const Below& below = {}) {
    conv2d_backward_data<Among>(dx, dy, w, s, threads, scratch, x, below, conv2d_algorithms::of(s, Among));
}

/// dw (as w), db (filters, or null) = the gradients with respect to w and bias. Overwrites them.
template <conv2d_candidates Among = conv2d_candidates{}, class T>
void conv2d_backward_weights(T* dw, T* db, const T* x, const T* dy, const conv2d_sizes& s, int threads,
                             std::byte* scratch, conv2d_algorithms by) {
    switch (by.backward_weights) {
    case conv2d_algorithm::reference:
        if constexpr (Among.reference) { return conv2d_backward_weights_reference(dw, db, x, dy, s); }
        break;
    case conv2d_algorithm::gemm:
        if constexpr (Among.gemm) { return conv2d_backward_weights_gemm(dw, db, x, dy, s, threads, scratch); }
        break;
    case conv2d_algorithm::direct:
        return conv2d_backward_weights_direct(dw, db, x, dy, s, threads, scratch);
    case conv2d_algorithm::product:
        if constexpr (Among.product) {
            return dense_backward_weights(dw, db, x, dy, detail::dense_of(s), threads, scratch);
        }
        break;
    case conv2d_algorithm::winograd2:
        if constexpr (Among.winograd2) {
            return conv2d_backward_weights_winograd<2>(dw, db, x, dy, s, threads, scratch);
        }
        break;
    case conv2d_algorithm::winograd4:
        if constexpr (Among.winograd4) {
            return conv2d_backward_weights_winograd<4>(dw, db, x, dy, s, threads, scratch);
        }
        break;
    }
}
template <conv2d_candidates Among = conv2d_candidates{}, class T>
void conv2d_backward_weights(T* dw, T* db, const T* x, const T* dy, const conv2d_sizes& s, int threads,
                             std::byte* scratch) {
    conv2d_backward_weights<Among>(dw, db, x, dy, s, threads, scratch, conv2d_algorithms::of(s, Among));
}

} // namespace strata
