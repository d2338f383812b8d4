#pragma once

#include <strata/core/concepts.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/layers/identity.hpp>
#include <strata/layers/pointwise.hpp>
#include <strata/layers/sequence.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace strata {

/// y = branch(x) + shortcut(x) (He et al., 2016): residual{sequence{...}} with x itself as the shortcut, or
/// residual{sequence{...}, sequence{...}} with a projection where the branch changes the shape.
template <layer_spec Branch, layer_spec Shortcut = identity> struct residual {
    Branch branch{};
    Shortcut shortcut{};

    constexpr residual() = default;
    constexpr residual(Branch branch_, Shortcut shortcut_ = {}) : branch(branch_), shortcut(shortcut_) {}

    static constexpr std::string_view name = "residual";
    static constexpr shape output(shape in) { return Branch::output(in); }

    template <shape In, class T> struct layer {
        static constexpr shape out = Branch::output(In);
        static_assert(
            out == Shortcut::output(In),
            "residual: the branch and the shortcut must have the same output shape; give the shortcut a "
            "projection, e.g. a 1x1 conv2d with the branch's stride and filters");
        using branch_type = typename bound<0, Branch, In, T>::layer;
        using shortcut_type = typename bound<1, Shortcut, In, T>::layer;

        branch_type branch;
        shortcut_type shortcut;

        explicit layer(const residual& spec)
            : branch(bound<0, Branch, In, T>::make(spec.branch)),
              shortcut(bound<1, Shortcut, In, T>::make(spec.shortcut)) {}

        auto children() { return std::tie(branch, shortcut); }
        static constexpr std::array child_names{std::string_view("branch"), std::string_view("shortcut")};
        using child_specs = std::tuple<Branch, Shortcut>;

        static constexpr index multiply_adds =
            detail::multiply_adds<branch_type>() + detail::multiply_adds<shortcut_type>();

        /// the two branches' own memory and, where their backward reads it, their output
        static constexpr index memory(extent e) {
            return detail::memory<branch_type>(e) + detail::memory<shortcut_type>(e)
                   + (keeps_branch + keeps_shortcut) * output_bytes(e);
        }
        static constexpr index scratch(extent e) {
            const index own = has_identity ? 0 : bytes_of<T>(e.batch * std::max(In.size(), out.size()));
            return own + std::max(detail::scratch<branch_type>(e), detail::scratch<shortcut_type>(e));
        }
        static constexpr bool backward_reads_output = false;

        template <class Activation = no_activation>
        void forward(const T* x, T* y, const pass& p, const Activation& activation = {}) const {
            arena room(p.scratch);
            if constexpr (has_identity) {
                branch.forward(x, y, part(p, 0, nullptr, room.rest()));
                add(y, x, y, p, activation);
            } else {
                T* const other = room.take<T>(p.batch * out.size());
                branch.forward(x, y, part(p, 0, nullptr, room.rest()));
                shortcut.forward(x, other, part(p, 1, nullptr, room.rest()));
                add(y, other, y, p, activation);
            }
        }

        template <class Activation = no_activation>
        void forward_training(const T* x, T* y, const pass& p, const Activation& activation = {}) {
            const auto at = kept(p);
            arena room(p.scratch);
            T* const main = keeps_branch ? at.branch_output : y;
            if constexpr (has_identity) {
                train(branch, x, main, part(p, 0, at.branch_memory, room.rest()));
                add(main, x, y, p, activation);
            } else {
                T* const other = keeps_shortcut ? at.shortcut_output : room.take<T>(p.batch * out.size());
                train(branch, x, main, part(p, 0, at.branch_memory, room.rest()));
                train(shortcut, x, other, part(p, 1, at.shortcut_memory, room.rest()));
                add(main, other, y, p, activation);
            }
        }

        /// both branches receive dy; their input gradients add up
        template <class Below = no_activation>
        void backward(const T* x, const T*, const T* dy, auto dx, const pass& p, const Below& below = {}) {
            const auto at = kept(p);
            arena room(p.scratch);
            if constexpr (std::is_null_pointer_v<decltype(dx)>) {
                skip_input(branch, x, at.branch_output, dy, part(p, 0, at.branch_memory, room.rest()));
                skip_input(shortcut, x, at.shortcut_output, dy, part(p, 1, at.shortcut_memory, room.rest()));
            } else {
                const T* other = dy;
                branch.backward(x, at.branch_output, dy, dx, part(p, 0, at.branch_memory, room.rest()));
                if constexpr (!has_identity) {
                    T* const own = room.take<T>(p.batch * In.size());
                    shortcut.backward(x, at.shortcut_output, dy, own,
                                      part(p, 1, at.shortcut_memory, room.rest()));
                    other = own;
                }
                detail::sweep_vectors<T>(p.batch * In.size(), 3, [&](index i, auto... n) {
                    const auto sum = detail::load(dx + i, n...) + detail::load(other + i, n...);
                    if constexpr (has_activation<Below>)
                        detail::store(dx + i, detail::times_slope(sum, below, detail::load(x + i, n...)),
                                      n...);
                    else
                        detail::store(dx + i, sum, n...);
                });
            }
        }

    private:
        static constexpr bool has_identity = std::is_same_v<Shortcut, identity>;
        static constexpr index keeps_branch = detail::reads_output<branch_type>();
        static constexpr index keeps_shortcut = detail::reads_output<shortcut_type>();
        static constexpr index output_bytes(extent e) { return bytes_of<T>(e.batch * out.size()); }

        struct places {
            std::byte *branch_memory, *shortcut_memory;
            T *branch_output, *shortcut_output;
        };
        static places kept(const pass& p) {
            arena room(p.memory);
            places at{};
            at.branch_memory = room.take<std::byte>(detail::memory<branch_type>(p));
            at.shortcut_memory = room.take<std::byte>(detail::memory<shortcut_type>(p));
            if (keeps_branch) at.branch_output = room.take<T>(p.batch * out.size());
            if (keeps_shortcut) at.shortcut_output = room.take<T>(p.batch * out.size());
            return at;
        }
        static pass part(const pass& p, std::uint32_t i, std::byte* memory, std::byte* scratch) {
            return {static_cast<const extent&>(p), memory, scratch, p.random.fork(i)};
        }
        template <class Layer> static void train(Layer& l, const T* x, T* y, const pass& p) {
            if constexpr (runs_training<Layer, T>)
                l.forward_training(x, y, p);
            else
                l.forward(x, y, p);
        }
        template <class Layer>
        static void skip_input(Layer& l, const T* x, const T* y, const T* dy, const pass& p) {
            if constexpr (detail::is_trained<Layer>()) l.backward(x, y, dy, nullptr, p);
        }
        template <class Activation>
        static void add(const T* a, const T* b, T* y, const extent& e, const Activation& activation) {
            detail::sweep_vectors<T>(e.batch * out.size(), 3, [&](index i, auto... n) {
                const auto sum = detail::load(a + i, n...) + detail::load(b + i, n...);
                detail::store(y + i, detail::value_of(activation, sum), n...);
            });
        }
    };
};

} // namespace strata
