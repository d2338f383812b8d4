#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace strata {

/// f(0, 1, ..., Count - 1), each number a constant of its own type.
template <std::size_t Count, class F> constexpr decltype(auto) with_numbers(F&& f) {
    return [&]<std::size_t... I>(std::index_sequence<I...>)->decltype(auto) {
        return f(std::integral_constant<std::size_t, I>{}...);
    }
    (std::make_index_sequence<Count>{});
}

/// f(0), f(1), ..., f(Count - 1), each number a constant of its own type.
template <std::size_t Count, class F> constexpr void unroll(F&& f) {
    with_numbers<Count>([&](auto... i) { (f(i), ...); });
}

} // namespace strata
