#pragma once

#include <strata/core/buffer.hpp>

#include <memory>

namespace bench {

using array = std::shared_ptr<strata::buffer<float>>;

/// An array that the ways of a subject share; numbers of both signs, of the size 1.
inline array numbers(strata::index size) {
    auto made = std::make_shared<strata::buffer<float>>(size);
    unsigned state = 1;
    for (float& value : *made) {
        state = state * 1664525u + 1013904223u;
        value = static_cast<float>(static_cast<int>(state >> 16) - 32768) / 32768;
    }
    return made;
}

inline array zeros(strata::index size) {
    return std::make_shared<strata::buffer<float>>(size);
}

} // namespace bench
