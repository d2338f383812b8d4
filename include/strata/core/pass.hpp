#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/random.hpp>
#include <strata/core/shape.hpp>

#include <cstddef>
#include <type_traits>

namespace strata {

/// How large a run is: what the memory a layer asks for may depend on.
struct extent {
    index batch = 1;       ///< samples
    int threads = 1;       ///< workers that need scratch memory of their own
    bool training = false; ///< a training step, or inference
};

/// What a layer is handed when it runs, beside its arrays.
struct pass : extent {
    std::byte* memory =
        nullptr; ///< Layer::memory(extent) bytes, kept from the training forward to the backward
    std::byte* scratch = nullptr; ///< Layer::scratch(extent) bytes, free to use until the call returns
    random_source random{};       ///< this layer's random numbers for this step
};

/// The activation of a layer that has none behind it, or none in front of it. Layers that apply the next
/// activation in their own store, or the slope of the one below, take one of these by default.
struct no_activation {
    template <class T> constexpr T operator()(T value) const { return value; }
    template <class T> constexpr T slope(T) const { return T{} + 1; }
};

/// Whether there is anything to apply.
template <class Activation> inline constexpr bool has_activation = !std::is_same_v<Activation, no_activation>;

/// Hands out aligned arrays from one block of bytes, one behind the other.
class arena {
public:
    explicit arena(std::byte* begin) : m_next(begin) {}

    template <class T> T* take(index count) {
        auto* const place = m_next;
        m_next += aligned(count * static_cast<index>(sizeof(T)));
        return reinterpret_cast<T*>(place);
    }
    std::byte* rest() const { return m_next; }

private:
    std::byte* m_next;
};

/// Bytes that `count` elements of type T take in an arena.
template <class T> constexpr index bytes_of(index count) {
    return aligned(count * static_cast<index>(sizeof(T)));
}

} // namespace strata
