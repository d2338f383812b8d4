#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/tensor.hpp>
#include <strata/data/transforms/standardise.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace strata {

namespace detail {

/// Eigenvalues and, as rows, orthonormal eigenvectors of a symmetric matrix (n, n), which is overwritten, by
/// Jacobi's rotations (Golub and Van Loan, "Matrix Computations", section 8.5): for some dozens of rows.
struct symmetric_eigen {
    std::vector<double> values, vectors;

    symmetric_eigen(std::vector<double> a, std::size_t n) : values(n), vectors(n * n) {
        for (std::size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
        const auto rotate = [n](double* x, double* y, std::size_t step, double cosine, double sine) {
            for (std::size_t k = 0; k < n; ++k) {
                const double u = x[k * step], v = y[k * step];
                x[k * step] = cosine * u - sine * v;
                y[k * step] = sine * u + cosine * v;
            }
        };
        for (int turn = 0; turn < 30; ++turn) {
            double off = 0, all = 0;
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < n; ++j) {
                    all += a[i * n + j] * a[i * n + j];
                    if (i != j) off += a[i * n + j] * a[i * n + j];
                }
            if (off <= 1e-30 * all) break;
            for (std::size_t p = 0; p + 1 < n; ++p)
                for (std::size_t q = p + 1; q < n; ++q) {
                    if (a[p * n + q] == 0) continue;
                    const double t = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
                    const double tangent = (t < 0 ? -1 : 1) / (std::abs(t) + std::sqrt(1 + t * t));
                    const double cosine = 1 / std::sqrt(1 + tangent * tangent), sine = tangent * cosine;
                    rotate(a.data() + p * n, a.data() + q * n, 1, cosine, sine);
                    rotate(a.data() + p, a.data() + q, n, cosine, sine);
                    rotate(vectors.data() + p * n, vectors.data() + q * n, 1, cosine, sine);
                }
        }
        for (std::size_t i = 0; i < n; ++i) values[i] = a[i * n + i];
    }
};

} // namespace detail

/// Filters (height, width, channels, 2 height width channels) for a first convolution that decorrelates the
/// pixels of a window: the principal components of all windows of a data set, each divided by the square root
/// of its variance + epsilon, then the same with the other sign. In descending order of the variance. (Page,
/// "How to train your ResNet 8", 2019; Jordan, "94% on CIFAR-10 in 3.29 seconds", 2024, section 3.2.)
///
///     network net{input<32, 32, 3>{}, frozen{conv2d<conv{.filters = 24, .kernel = 2, .bias = false}>{}},
///     ...}; net.initialise(seed); net.layer<0>().weight.value = whitening_filters(train.with(standard), 2);
///
/// The windows are taken about their mean, and the transforms of `data` are applied as in its first epoch: it
/// should be the training part. Throws argument_error if the window does not fit into the samples, there are
/// none, or epsilon is not above 0.
template <class T = float, class Dataset>
tensor<T, 4> whitening_filters(const Dataset& data, size2 window, double epsilon = 5e-4) {
    const shape s = data.sample_shape();
    if (window.height < 1 || window.width < 1 || window.height > s.height || window.width > s.width)
        detail::fail<argument_error>("whitening_filters: windows of ", window.height, 'x', window.width,
                                     " in samples of ", s.height, 'x', s.width);
    if (!(epsilon > 0))
        detail::fail<argument_error>("whitening_filters: epsilon must be above 0, got ", epsilon);
    if (data.size() < 1)
        detail::fail<argument_error>("whitening_filters: the data set has ", data.size(),
                                     " samples, at least 1 is needed");
    const index run = window.width * s.channels;
    const auto n = static_cast<std::size_t>(window.height * run);
    std::vector<double> patch(n), sum(n), products(n * n);
    double count = 0;
    detail::each_sample(data, [&](const double* x) {
        for (index row = 0; row + window.height <= s.height; ++row)
            for (index column = 0; column + window.width <= s.width; ++column) {
                for (index i = 0; i < window.height; ++i)
                    std::copy_n(x + ((row + i) * s.width + column) * s.channels, run, patch.data() + i * run);
                for (std::size_t i = 0; i < n; ++i) {
                    sum[i] += patch[i];
                    for (std::size_t j = 0; j < n; ++j) products[i * n + j] += patch[i] * patch[j];
                }
                ++count;
            }
    });
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            products[i * n + j] = (products[i * n + j] - sum[i] * sum[j] / count) / count;
    const detail::symmetric_eigen found(std::move(products), n);
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return found.values[a] > found.values[b]; });

    auto filters = tensor<T, 4>::from_shape({static_cast<std::size_t>(window.height),
                                             static_cast<std::size_t>(window.width),
                                             static_cast<std::size_t>(s.channels), 2 * n});
    for (std::size_t f = 0; f < n; ++f) {
        const double* const component = found.vectors.data() + order[f] * n;
        const double size = 1 / std::sqrt(std::max(found.values[order[f]], 0.0) + epsilon);
        for (std::size_t i = 0; i < n; ++i) {
            const T value = static_cast<T>(component[i] * size);
            filters.data()[i * 2 * n + f] = value;
            filters.data()[i * 2 * n + n + f] = -value;
        }
    }
    return filters;
}

} // namespace strata
