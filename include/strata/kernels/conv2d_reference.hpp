#pragma once

#include <strata/kernels/conv2d_sizes.hpp>

#include <algorithm>

namespace strata {

namespace detail {

/// Calls visit(i, j, k) for every multiply-add of a convolution that lies inside the image: x[i],
/// w[j + filter], y[k + filter].
template <class Visit> void for_each_tap(const conv2d_sizes& s, const Visit& visit) {
    const window& g = s.geometry;
    for (index b = 0; b < s.batch; ++b)
        for (index oy = 0; oy < g.out_height; ++oy)
            for (index ox = 0; ox < g.out_width; ++ox)
                for (index ky = 0; ky < g.kernel.height; ++ky)
                    for (index kx = 0; kx < g.kernel.width; ++kx) {
                        const index iy = oy * g.stride.height - g.top + ky * g.dilation.height;
                        const index ix = ox * g.stride.width - g.left + kx * g.dilation.width;
                        if (iy < 0 || iy >= g.in_height || ix < 0 || ix >= g.in_width) continue;
                        for (index c = 0; c < s.channels; ++c)
                            visit(((b * g.in_height + iy) * g.in_width + ix) * s.channels + c,
                                  ((ky * g.kernel.width + kx) * s.channels + c) * s.filters,
                                  ((b * g.out_height + oy) * g.out_width + ox) * s.filters);
                    }
}

} // namespace detail

/// y = x * w + bias by the definition; what the fast kernels are tested against. `bias` may be null.
template <class T>
void conv2d_forward_reference(T* y, const T* x, const T* w, const T* bias, const conv2d_sizes& s) {
    for (index p = 0; p < s.batch * s.geometry.outputs(); ++p)
        for (index f = 0; f < s.filters; ++f) y[p * s.filters + f] = bias ? bias[f] : T(0);
    detail::for_each_tap(s, [&](index i, index j, index k) {
        for (index f = 0; f < s.filters; ++f) y[k + f] += x[i] * w[j + f];
    });
}

/// dx = the gradient with respect to x, by the definition.
template <class T>
void conv2d_backward_data_reference(T* dx, const T* dy, const T* w, const conv2d_sizes& s) {
    std::fill_n(dx, s.batch * s.inputs(), T(0));
    detail::for_each_tap(s, [&](index i, index j, index k) {
        for (index f = 0; f < s.filters; ++f) dx[i] += dy[k + f] * w[j + f];
    });
}

/// dw, db = the gradients with respect to w and bias, by the definition. `db` may be null.
template <class T>
void conv2d_backward_weights_reference(T* dw, T* db, const T* x, const T* dy, const conv2d_sizes& s) {
    std::fill_n(dw, s.weights(), T(0));
    detail::for_each_tap(s, [&](index i, index j, index k) {
        for (index f = 0; f < s.filters; ++f) dw[j + f] += x[i] * dy[k + f];
    });
    if (!db) return;
    std::fill_n(db, s.filters, T(0));
    for (index p = 0; p < s.batch * s.geometry.outputs(); ++p)
        for (index f = 0; f < s.filters; ++f) db[f] += dy[p * s.filters + f];
}

} // namespace strata
