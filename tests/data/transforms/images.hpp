#pragma once

#include <strata/core/random.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/tensor.hpp>
#include <strata/data/dataset.hpp>
#include <strata/data/transformed.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace strata::testing {

/// An image of numbers that all differ: 1, 2, 3, ...
template <class T> std::vector<T> counted(const shape& s) {
    std::vector<T> x(static_cast<std::size_t>(s.size()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i + 1);
    return x;
}

/// Which sample of which epoch a transform is applied to.
struct occasion {
    std::uint32_t sample = 0, epoch = 0;
    std::uint64_t seed = 1;
};

/// The image after the transform, whose scratch memory holds NaN and ends where it says.
template <class T, class Transform>
std::vector<T> applied(const Transform& transform, std::vector<T> x, const shape& s, occasion when = {}) {
    std::size_t room = 0;
    if constexpr (requires { transform.scratch(s); }) room = static_cast<std::size_t>(transform.scratch(s));
    std::vector<T> scratch(room, std::numeric_limits<T>::quiet_NaN());
    transform(x.data(), s,
              sample_context<T>{random_source{when.seed, 7, when.epoch}.fork(when.sample),
                                static_cast<index>(when.epoch), scratch.data()});
    return x;
}

/// Bytes without a pattern, labels 0 .. 3.
inline data::dataset<> noise(std::size_t count, const shape& s, std::uint64_t seed = 1) {
    const auto size = [](index n) { return static_cast<std::size_t>(n); };
    auto x = tensor<std::uint8_t, 4>::from_shape({count, size(s.height), size(s.width), size(s.channels)});
    auto y = tensor<std::uint8_t, 1>::from_shape({count});
    const random_source random{seed, 8};
    for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<std::uint8_t>(random.below(i, 256));
    for (std::size_t i = 0; i < count; ++i) y(i) = static_cast<std::uint8_t>(i % 4);
    return {std::move(x), std::move(y)};
}

} // namespace strata::testing
