#pragma once

// The one place that includes xtensor: what differs between its versions is settled here.
#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>
#endif

#include <strata/core/shape.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>

namespace strata {

/// An array of rank N that owns its elements, row-major. A batch of samples is a tensor<T, 4>: (batch,
/// height, width, channels).
template <class T, std::size_t N> using tensor = xt::xtensor<T, N, xt::layout_type::row_major>;

namespace detail {
/// Elements that somebody else owns. (xtensor's default allocator does not take a const type.)
template <class T>
using borrowed = xt::xbuffer_adaptor<T*, xt::no_ownership, std::allocator<std::remove_const_t<T>>>;
} // namespace detail

/// An array of rank N over elements that live elsewhere; assigning to it writes them. T may be const.
template <class T, std::size_t N>
using tensor_view = xt::xtensor_adaptor<detail::borrowed<T>, N, xt::layout_type::row_major>;

/// A view of `data` with the given sizes.
template <class T, std::size_t N> tensor_view<T, N> view(T* data, const std::array<index, N>& sizes) {
    std::array<std::size_t, N> extent{};
    std::size_t size = 1;
    for (std::size_t i = 0; i < N; ++i) size *= extent[i] = static_cast<std::size_t>(sizes[i]);
    return tensor_view<T, N>(detail::borrowed<T>(data, size), extent);
}

/// The elements of any xtensor container or expression, in row-major order, converted to T, as samples of
/// `sample`'s shape. `x` must have batch * sample.size() elements.
template <class T, class Expression>
tensor<T, 4> samples_of(const Expression& x, index batch, const shape& sample) {
    const auto size = [](index n) { return static_cast<std::size_t>(n); };
    auto samples = tensor<T, 4>::from_shape(
        {size(batch), size(sample.height), size(sample.width), size(sample.channels)});
    std::transform(x.template begin<xt::layout_type::row_major>(),
                   x.template end<xt::layout_type::row_major>(), samples.begin(),
                   [](const auto& element) { return static_cast<T>(element); });
    return samples;
}

} // namespace strata
