#pragma once

#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>
#include <strata/core/simd_pack.hpp>
#include <strata/core/sweep.hpp>
#include <strata/kernels/pool.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace strata {

/// y_c = the largest of x_{c Pieces}, ..., x_{c Pieces + Pieces - 1}: groups of adjacent channels, of which
/// each becomes one (Goodfellow et al., "Maxout networks", 2013). A unit of theirs is a group: the layer in
/// front needs Pieces times as many channels. Backward, the gradient goes to the maximum, to the first of
/// equals. A NaN in a group gives NaN.
template <index Pieces = 2> struct maxout {
    static constexpr std::string_view name = "maxout";
    static constexpr bool rectifies = false;
    static constexpr shape output(shape in) {
        return {in.height, in.width, Pieces > 0 ? in.channels / Pieces : 0};
    }

    template <shape In, class T> struct layer {
        static_assert(Pieces >= 2 && Pieces <= 256, "maxout: a group has 2 to 256 channels");
        static_assert(Pieces < 1 || In.channels % Pieces == 0,
                      "maxout: the channels of its input must be a multiple of its pieces");
        static constexpr bool backward_reads_input = false, backward_reads_output = false;

        /// One byte an output says which of its group was the maximum.
        static constexpr index memory(extent e) { return bytes_of<std::uint8_t>(e.batch * outputs); }

        void forward(const T* x, T* y, const pass& p) const { run<false>(x, y, p); }
        void forward_training(const T* x, T* y, const pass& p) { run<true>(x, y, p); }

        void backward(const T*, const T*, const T* dy, T* dx, const pass& p) {
            const auto* const winner = reinterpret_cast<const std::uint8_t*>(p.memory);
            each_vector(p, [=](index i, auto... n) {
                const auto d = detail::load(dy + i, n...), number = detail::load_small<T>(winner + i, n...);
                for (index k = 0; k < Pieces; ++k) {
                    const auto here = number == vector(static_cast<T>(k));
                    put(dx + i * Pieces + k, xsimd::select(here, d, vector(T(0))), n...);
                }
            });
        }

    private:
        using vector = detail::vector_of<T>;
        using lanes = std::array<T, vector::size>;
        static constexpr index outputs = output(In).size();

        template <bool Remember> static void run(const T* x, T* y, const pass& p) {
            auto* const winner = reinterpret_cast<std::uint8_t*>(p.memory);
            each_vector(p, [=](index i, auto... n) {
                vector best = get(x + i * Pieces, n...), number(T(0));
                for (index k = 1; k < Pieces; ++k) {
                    const vector here = get(x + i * Pieces + k, n...);
                    const auto won = detail::wins<T>(here, best);
                    best = xsimd::select(won, here, best);
                    number = xsimd::select(won, vector(static_cast<T>(k)), number);
                }
                detail::store(y + i, best, n...);
                if constexpr (Remember) detail::store_small<T>(winner + i, number, n...);
            });
        }

        /// body(i) for the vectors of all outputs, or body(i, n) for the first n lanes of one.
        template <class Body> static void each_vector(const pass& p, const Body& body) {
            sweep(p.batch * outputs, sweep_grain / Pieces, (Pieces + 1) * static_cast<index>(sizeof(T)),
                  [&](index begin, index end) { detail::vector_loop<T>(begin, end, body); });
        }
        /// Every element number Pieces of x, n of them.
        static vector get(const T* x, index n = detail::lanes<T>) {
            lanes own{};
            for (index i = 0; i < n; ++i) own[static_cast<std::size_t>(i)] = x[i * Pieces];
            return detail::load(own.data());
        }
        static void put(T* x, const vector& v, index n = detail::lanes<T>) {
            lanes own;
            detail::store(own.data(), v);
            for (index i = 0; i < n; ++i) x[i * Pieces] = own[static_cast<std::size_t>(i)];
        }
    };
};

} // namespace strata
