#pragma once

#include <strata/core/random.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/tensor.hpp>
#include <strata/data/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace strata::testing {

using labelled = data::dataset<float, std::int32_t>;
using rows = data::dataset<float, float, 2>;

/// `count` samples in a circle of `classes` clouds that do not touch, class after class.
inline labelled clouds(std::size_t count, std::size_t classes, std::uint64_t seed = 1) {
    auto x = tensor<float, 4>::from_shape({count, 1, 1, 2});
    auto y = tensor<std::int32_t, 1>::from_shape({count});
    const random_source random{seed, 5};
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t k = i % classes;
        const double angle = 6.28318530718 * static_cast<double>(k) / static_cast<double>(classes);
        x(i, 0, 0, 0) = static_cast<float>(2 * std::cos(angle) + 0.4 * (random.uniform(2 * i) - 0.5));
        x(i, 0, 0, 1) = static_cast<float>(2 * std::sin(angle) + 0.4 * (random.uniform(2 * i + 1) - 0.5));
        y(i) = static_cast<std::int32_t>(k);
    }
    return {std::move(x), std::move(y)};
}

/// y = 2 a - b + 0.5, a plane to be learnt.
inline rows plane(std::size_t count, std::uint64_t seed = 1) {
    auto x = tensor<float, 4>::from_shape({count, 1, 1, 2});
    auto y = tensor<float, 2>::from_shape({count, 1});
    const random_source random{seed, 6};
    for (std::size_t i = 0; i < count; ++i) {
        const auto a = static_cast<float>(random.uniform(2 * i)),
                   b = static_cast<float>(random.uniform(2 * i + 1));
        x(i, 0, 0, 0) = a;
        x(i, 0, 0, 1) = b;
        y(i, 0) = 2 * a - b + 0.5f;
    }
    return {std::move(x), std::move(y)};
}

/// Samples of one number that name their class: a linear layer without training tells them apart if it is
/// given the right weights.
inline labelled labels_of(const std::vector<std::int32_t>& labels) {
    auto x = tensor<float, 4>::from_shape({labels.size(), 1, 1, 1});
    auto y = tensor<std::int32_t, 1>::from_shape({labels.size()});
    for (std::size_t i = 0; i < labels.size(); ++i) {
        x(i, 0, 0, 0) = 1;
        y(i) = labels[i];
    }
    return {std::move(x), std::move(y)};
}

template <class T> std::vector<T> copy_of(std::span<T> values) {
    return std::vector<T>(values.begin(), values.end());
}

/// The text of the exception that `act` throws, or "".
template <class Error, class Act> std::string message(const Act& act) {
    try {
        act();
    } catch (const Error& e) { return e.what(); }
    return {};
}

} // namespace strata::testing
