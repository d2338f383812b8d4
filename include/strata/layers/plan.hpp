#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/concepts.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/unroll.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

namespace strata {

/// What the planning of memory must know of a layer.
struct layer_facts {
    index in_size = 0, out_size = 0; ///< elements a sample
    bool in_place = false;
    bool is_view = false;
    bool reads_input = true, reads_output = true; ///< in backward
    bool takes_next = false;                      ///< applies the activation behind it in its own store
    int below = -1; ///< the layer, an activation in front, perhaps with views between, whose slope it applies
    bool below_reads_output = false; ///< by looking at its own output
    bool overwrites = false;         ///< decided by the plan: works in place, as far as its own backward goes
};

namespace detail {

/// An activation that is done in a neighbour's pass: its backward looks at its output alone.
template <class L> constexpr bool is_foldable() {
    if constexpr (activation_layer<L>)
        return in_place<L>() && !reads_input<L>() && !is_trained<L>();
    else
        return false;
}

/// The last layer in front of number I that is no view, or -1.
template <class Layers, std::size_t I> constexpr int in_front() {
    if constexpr (I == 0)
        return -1;
    else if constexpr (is_view<std::tuple_element_t<I - 1, Layers>>())
        return in_front<Layers, I - 1>();
    else
        return static_cast<int>(I) - 1;
}

template <class Layers, class T, std::size_t I>
constexpr layer_facts facts_of(shape in, shape out, bool training) {
    using here = std::tuple_element_t<I, Layers>;
    layer_facts f{in.size(),       out.size(),          in_place<here>(),
                  is_view<here>(), reads_input<here>(), reads_output<here>()};
    if constexpr (I + 1 < std::tuple_size_v<Layers>) {
        using next = std::tuple_element_t<I + 1, Layers>;
        if constexpr (activation_layer<next>) { // its input is then never in memory
            using function = function_type<next>;
            f.takes_next = training
                               ? is_foldable<next>() && !f.reads_output && takes_activation<here, T, function>
                               : takes_activation_in_inference<here, T, function>;
        }
    }
    constexpr int front = in_front<Layers, I>();
    if constexpr (front >= 0) {
        using before = std::tuple_element_t<static_cast<std::size_t>(front), Layers>;
        if constexpr (is_foldable<before>())
            if constexpr (takes_below<here, T, function_type<before>>) {
                f.below = front;
                f.below_reads_output = below_reads_output<here, function_type<before>>();
            }
    }
    return f;
}

} // namespace detail

/// Where an array lies: with the caller (the input, which is not to be written, or the output), or in the
/// sequence's own memory, kept from forward to backward or spare.
enum class area : unsigned char { input, output, kept, spare };
struct place {
    area in = area::input;
    index offset = 0; ///< bytes a sample into kept or spare
    friend constexpr bool operator==(const place&, const place&) = default;
};

namespace detail {

/// An array that lives for a while: from one step to another, both included.
struct tenant {
    index size = 0, offset = 0; ///< bytes a sample
    std::size_t begin = 0, end = 0;
    std::size_t name = 0;

    constexpr bool meets(const tenant& other) const { return begin <= other.end && other.begin <= end; }
};

/// Arrays in one block of memory; those that live at the same time do not overlap.
template <std::size_t Most> class tenants {
public:
    /// The offset of the smallest gap below `limit` in which t has room for as long as it lives, or -1.
    constexpr index find(const tenant& t, index limit) const {
        index best = -1, least = 0, at = 0;
        const auto consider = [&](index gap) {
            if (gap < t.size || (best >= 0 && gap >= least)) return;
            best = at;
            least = gap;
        };
        for (std::size_t i = 0; i < m_count; ++i) {
            if (!m_all[i].meets(t)) continue;
            consider(m_all[i].offset - at);
            at = std::max(at, m_all[i].offset + m_all[i].size);
        }
        consider(limit - at);
        return best;
    }
    constexpr void add(const tenant& t) {
        std::size_t i = m_count++;
        for (; i > 0 && m_all[i - 1].offset > t.offset; --i) m_all[i] = m_all[i - 1];
        m_all[i] = t;
    }

private:
    std::array<tenant, Most> m_all{}; // by offset
    std::size_t m_count = 0;
};

} // namespace detail

/// Where the activations and deltas of Count layers lie. Activation 0 is the input, activation i + 1 the
/// output of layer i; delta i is the gradient of activation i.
template <std::size_t Count> struct plan {
    std::array<place, Count + 1> activation{}, delta{};
    std::array<bool, Count> fused{};   ///< layer i also computes layer i + 1
    std::array<bool, Count> skipped{}; ///< nothing to compute: done by layer i - 1, or a view of its input
    std::array<bool, Count> folded{};  ///< nothing to compute in backward: done by a layer above, or a view
    std::array<int, Count> below{};    ///< the layer whose slope layer i applies in backward, or -1
    index kept = 0, spare = 0;         ///< bytes a sample
    bool reads_output = true;          ///< backward needs the sequence's output

    /// Training keeps what a backward pass reads. Every other array lives from the step that writes it to the
    /// last that reads it, and lies where nothing else lives in that time: in kept memory if a gap there is
    /// large enough, else in spare memory. A layer overwrites its input where it may and nobody reads that
    /// again. Step i is the forward pass of layer i, step 2 Count - 1 - i its backward pass.
    /// `joined`: spare memory follows right behind the kept, so that an array may lie across the border.
    static constexpr plan make(std::array<layer_facts, Count> layers, bool training, index element_bytes,
                               bool joined = false) {
        plan p;
        p.decide(layers, training);

        std::array<std::size_t, Count + 1> first{}; // of the activations that lie in one place
        std::array<bool, Count + 1> read_later{};   // by a backward pass
        read_later[0] = true;                       // the caller's
        for (std::size_t i = 0; i < Count; ++i) {
            const auto& l = layers[i];
            const bool view = l.is_view && !(i + 1 == Count && first[i] == 0);
            const bool over =
                (i > 0 && p.fused[i - 1]) || (l.overwrites && first[i] != 0 && !(training && read_later[i]));
            p.skipped[i] = view || (i > 0 && p.fused[i - 1]);
            first[i + 1] = view || over ? first[i] : i + 1;
            read_later[i + 1] = (view && read_later[i]) || l.reads_output;
        }
        p.reads_output = read_later[Count];

        constexpr std::size_t most = 2 * Count + 2;
        std::array<detail::tenant, most> others{};
        std::size_t count = 0;
        detail::tenants<most> in_kept, in_spare;
        const auto bytes = [&](index elements) { return aligned(elements * element_bytes); };

        for (std::size_t k = 1; k <= Count; ++k) {
            if (first[k] == first[Count]) p.activation[k].in = area::output;
            if (first[k] != k || first[k] == first[Count]) continue;
            detail::tenant t{.size = bytes(layers[k - 1].out_size), .begin = k - 1, .end = k - 1, .name = k};
            for (std::size_t m = k; m < Count && first[m] == k; ++m) {
                t.end = std::max(t.end, m);
                if (training && layers[m].reads_input) t.end = std::max(t.end, 2 * Count - 1 - m);
                if (training && layers[m - 1].reads_output) t.end = std::max(t.end, 2 * Count - m);
            }
            if (t.end < Count) {
                others[count++] = t;
                continue;
            }
            t.offset = p.kept;
            p.kept += t.size;
            in_kept.add(t);
            p.activation[k] = {area::kept, t.offset};
        }

        std::array<std::size_t, Count + 1> top{}; // of the deltas that lie in one place
        if (training) {
            std::size_t leading = 0; // layers with nothing to compute: what comes out of the next is dx
            while (leading < Count && (p.folded[leading] || layers[leading].is_view)) ++leading;
            if (leading == Count) leading = 0;
            top[Count] = Count;
            p.delta[Count].in = area::output;
            for (std::size_t k = Count; k-- > leading + 1;) {
                const auto& l = layers[k];
                const bool stays =
                    p.folded[k] || l.is_view || (l.in_place && p.delta[top[k + 1]].in != area::output);
                top[k] = stays ? top[k + 1] : k;
                if (stays && p.delta[top[k]].in == area::output) p.delta[k].in = area::output;
                if (top[k] == k) {
                    p.delta[k].in = area::spare;
                    others[count++] = {.size = bytes(l.in_size),
                                       .begin = 2 * Count - 1 - k,
                                       .end = 0,
                                       .name = Count + 1 + k};
                }
                if (p.delta[top[k]].in != area::output) others[count - 1].end = 2 * Count - k;
            }
        }

        for (std::size_t i = 1; i < count; ++i) // the largest first, else in the order they came
            for (std::size_t j = i; j > 0 && others[j - 1].size < others[j].size; --j)
                std::swap(others[j - 1], others[j]);
        for (std::size_t i = 0; i < count; ++i) {
            auto& t = others[i];
            place& at = t.name <= Count ? p.activation[t.name] : p.delta[t.name - Count - 1];
            t.offset = in_kept.find(t, joined ? std::numeric_limits<index>::max() : p.kept);
            at.in = t.offset >= 0 ? area::kept : area::spare;
            if (t.offset >= 0) {
                in_kept.add(t);
                p.spare = std::max(p.spare, t.offset + t.size - p.kept);
            } else {
                t.offset = in_spare.find(t, std::numeric_limits<index>::max());
                in_spare.add(t);
                p.spare = std::max(p.spare, t.offset + t.size);
            }
            at.offset = t.offset;
        }
        for (std::size_t k = 1; k < Count; ++k)
            if (p.activation[k].in != area::output) p.activation[k] = p.activation[first[k]];
        for (std::size_t k = Count; k-- > 1;)
            if (p.delta[k].in != area::output && top[k] > 0) p.delta[k] = p.delta[top[k]];
        for (std::size_t i = 0; i < Count; ++i)
            p.folded[i] = p.folded[i] || (layers[i].is_view && p.delta[i] == p.delta[i + 1]);
        return p;
    }

private:
    /// Which layers do another's work, and what that means for what they read.
    constexpr void decide(std::array<layer_facts, Count>& layers, bool training) {
        for (std::size_t i = 0; i < Count; ++i) fused[i] = layers[i].takes_next && !(i > 0 && fused[i - 1]);
        below.fill(-1);
        for (auto& l : layers) {
            l.overwrites = l.in_place;
            l.reads_input = l.reads_input && !l.in_place;
        }
        if (!training) return;
        for (std::size_t i = 0; i < Count; ++i) {
            auto& l = layers[i];
            if (l.below < 0) continue;
            below[i] = l.below;
            layers[static_cast<std::size_t>(l.below)].reads_output = false;
            for (auto k = static_cast<std::size_t>(l.below); k < i; ++k) folded[k] = true;
            if (l.below_reads_output) {
                l.reads_output = true;
            } else {
                l.reads_input = true;
                l.overwrites = false;
            }
        }
    }
};

/// The plan of a tuple of bound layers.
template <class Layers, class T, std::size_t Count>
constexpr plan<Count> make_plan(const std::array<shape, Count + 1>& shapes, bool training,
                                bool joined = false) {
    return with_numbers<Count>([&](auto... i) {
        const std::array facts{detail::facts_of<Layers, T, i>(shapes[i], shapes[i + 1], training)...};
        const auto size = static_cast<index>(sizeof(T));
        const auto p = plan<Count>::make(facts, training, size);
        if (!joined) return p;
        const auto across = plan<Count>::make(facts, training, size, true);
        return across.spare < p.spare ? across : p; // neither is always the smaller
    });
}

} // namespace strata
