#pragma once

#include <strata/core/shape.hpp>

#include <array>
#include <cstddef>

namespace strata {

/// How a shape flows through layers: the input's shape, then the output's of each.
template <class... Specs> constexpr std::array<shape, sizeof...(Specs) + 1> trace(shape in) {
    std::array<shape, sizeof...(Specs) + 1> shapes{in};
    std::size_t i = 0;
    ((shapes[i + 1] = Specs::output(shapes[i]), ++i), ...);
    return shapes;
}

} // namespace strata
