#pragma once

#include <strata/core/concepts.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/unroll.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <tuple>

namespace strata {

/// What the planning of buffers must know of a layer.
struct layer_facts {
    index in_size = 0, out_size = 0; ///< elements a sample
    bool in_place = false;
    bool is_view = false;
    bool reads_output = true;
    bool takes_next = false; ///< applies the activation behind it in its own store

    template <class Layer, class T, class Next> static constexpr layer_facts of(shape in, shape out) {
        layer_facts f{in.size(), out.size(), detail::in_place<Layer>(), detail::is_view<Layer>(),
                      detail::reads_output<Layer>()};
        if constexpr (activation_layer<Next>) // whose input is then never in memory
            f.takes_next = takes_activation<Layer, T, Next> && !f.reads_output && detail::in_place<Next>()
                           && !detail::reads_input<Next>();
        return f;
    }
};

inline constexpr int in_input = -1;  ///< the caller's input, which is not to be written
inline constexpr int in_output = -2; ///< the caller's output

/// Where the activations and deltas of Count layers lie. Activation 0 is the input, activation i + 1 the
/// output of layer i; delta i is the gradient of activation i. Numbers from 0 name buffers of the sequence's
/// own.
template <std::size_t Count> struct plan {
    std::array<int, Count + 1> location{}; ///< of the activations
    std::array<int, Count + 1>
        delta{}; ///< of the deltas: 0 or 1; in_output for the last, in_input for the first
    std::array<bool, Count> fused{};   ///< layer i also computes layer i + 1
    std::array<bool, Count> skipped{}; ///< nothing to compute: done by layer i - 1, or a view of its input
    std::array<index, Count + 1> slot_size{}; ///< elements a sample
    std::size_t slots = 0;
    index largest_delta = 0;  ///< elements a sample
    bool reads_output = true; ///< backward needs the sequence's output

    constexpr std::span<const index> sizes() const { return {slot_size.data(), slots}; }

    /// Training keeps every activation that a backward pass reads, each in a buffer of its own, and lets a
    /// layer overwrite its input where nobody reads it again. Inference goes to and fro between two buffers.
    static constexpr plan make(const std::array<layer_facts, Count>& layers, bool training) {
        plan p;
        for (std::size_t i = 0; i < Count; ++i) {
            p.skipped[i] = i > 0 && p.fused[i - 1];
            p.fused[i] = layers[i].takes_next && !p.skipped[i];
        }

        std::array<int, Count + 1> group{}; // activations in one place have one number; the input's is 0
        std::array<bool, Count + 1> read_later{};
        read_later[0] = true; // the caller's
        for (std::size_t i = 0; i < Count; ++i) {
            const bool last = i + 1 == Count;
            const auto& l = layers[i];
            const bool view = l.is_view && !(last && group[i] == 0);
            const bool over = l.in_place && group[i] != 0 && !(training && read_later[i]);
            p.skipped[i] = p.skipped[i] || view;
            group[i + 1] = view || over ? group[i] : static_cast<int>(i) + 1;
            read_later[i + 1] = (view && read_later[i]) || l.reads_output;
        }
        p.reads_output = read_later[Count];

        std::array<index, Count + 1> largest{};
        int turn = 0;
        for (std::size_t k = 0; k <= Count; ++k) {
            if (group[k] == 0)
                p.location[k] = in_input;
            else if (group[k] == group[Count])
                p.location[k] = in_output;
            else if (group[k] == group[k - 1])
                p.location[k] = p.location[k - 1];
            else if (training)
                p.location[k] = static_cast<int>(p.slots++);
            else
                p.location[k] = turn++ % 2;
            if (p.location[k] >= 0) {
                auto& size = largest[static_cast<std::size_t>(p.location[k])];
                size = std::max(size, k < Count ? layers[k].in_size : 0);
            }
        }
        p.slot_size = largest;
        if (!training) p.slots = static_cast<std::size_t>(std::min(turn, 2));

        p.delta[Count] = in_output;
        for (std::size_t i = Count; i-- > 0;) {
            const auto& l = layers[i];
            const int above = p.delta[i + 1];
            const bool over = (l.in_place || l.is_view) && above >= 0;
            p.delta[i] = i == 0 ? in_input : over ? above : above == 0 ? 1 : 0;
            if (i > 0) p.largest_delta = std::max(p.largest_delta, l.in_size);
        }
        return p;
    }
};

/// The plan of a tuple of bound layers.
template <class Layers, class T, std::size_t Count>
constexpr plan<Count> make_plan(const std::array<shape, Count + 1>& shapes, bool training) {
    return with_numbers<Count>([&](auto... i) {
        const auto facts = [&](auto number) {
            using here = std::tuple_element_t<number, Layers>;
            if constexpr (number + 1 < Count)
                return layer_facts::of<here, T, std::tuple_element_t<number + 1, Layers>>(shapes[number],
                                                                                          shapes[number + 1]);
            else
                return layer_facts::of<here, T, void>(shapes[number], shapes[number + 1]);
        };
        return plan<Count>::make({facts(i)...}, training);
    });
}

} // namespace strata
