#pragma once

#include <strata/core/concepts.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/core/sweep.hpp>
#include <strata/core/unroll.hpp>
#include <strata/layers/identity.hpp>
#include <strata/layers/sequence.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace strata {

namespace detail {

/// What comes out of branch number `Branch`, beside that of the first; the compiler shows both.
template <std::size_t Branch, shape First, shape Here> struct branches_to_join {
    static_assert(First.height == Here.height && First.width == Here.width,
                  "concatenate: all branches must have outputs of the same height and width; give pooling "
                  "and convolutions the same strides, and padding = same");
    static constexpr bool fit = First.height == Here.height && First.width == Here.width;
};

} // namespace detail

/// y = the outputs of all branches, one behind the other along the channels (flat outputs along the
/// features), each branch a layer or a sequence that is given all of x. concatenate{identity{},
/// sequence{...}} is the connection of DenseNet (Huang et al., 2017), several convolutions side by side are
/// the module of GoogLeNet (Szegedy et al., 2015). An activation for all of y costs less behind the layer
/// than at the end of every branch.
template <layer_spec... Branches> struct concatenate {
    static_assert(sizeof...(Branches) >= 2, "concatenate: at least two branches are needed");
    std::tuple<Branches...> branches;

    constexpr concatenate() = default;
    constexpr concatenate(Branches... all) requires(sizeof...(Branches) > 0) : branches(all...) {}

    static constexpr std::string_view name = "concatenate";
    static constexpr shape output(shape in) {
        const std::array outputs{Branches::output(in)...};
        shape joined = outputs[0];
        for (std::size_t i = 1; i < outputs.size(); ++i) joined.channels += outputs[i].channels;
        return joined;
    }

    template <shape In, class T> struct layer;
};

template <layer_spec... Branches> template <shape In, class T> struct concatenate<Branches...>::layer {
    static constexpr std::size_t count = sizeof...(Branches);
    static constexpr std::array<shape, count> outputs{Branches::output(In)...};
    static constexpr shape out = concatenate::output(In);

private:
    using numbers = std::index_sequence_for<Branches...>;
    template <std::size_t... I>
    static std::tuple<typename bound<I, Branches, In, T>::layer...> bind_all(std::index_sequence<I...>);
    template <std::size_t... I> static auto make_all(const concatenate& spec, std::index_sequence<I...>) {
        static_assert((detail::branches_to_join<I, outputs[0], outputs[I]>::fit && ...));
        return decltype(bind_all(numbers{})){bound<I, Branches, In, T>::make(std::get<I>(spec.branches))...};
    }

public:
    /// The branches, bound.
    using branches_type = decltype(bind_all(numbers{}));
    template <std::size_t I> using branch_type = std::tuple_element_t<I, branches_type>;

    explicit layer(const concatenate& spec) : m_branches(make_all(spec, numbers{})) {}

    template <std::size_t I> auto& get() { return std::get<I>(m_branches); }
    template <std::size_t I> const auto& get() const { return std::get<I>(m_branches); }

    auto children() {
        return std::apply([](auto&... b) { return std::tie(b...); }, m_branches);
    }
    static constexpr auto child_names = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array{
            std::string_view(detail::decimal<I>::text.data(), detail::decimal<I>::text.size())...};
    }
    (numbers{});
    using child_specs = std::tuple<Branches...>;

    static constexpr index multiply_adds =
        with_numbers<count>([](auto... i) { return (detail::multiply_adds<branch_type<i>>() + ...); });
    static constexpr bool backward_reads_input =
        with_numbers<count>([](auto... i) { return (detail::reads_input<branch_type<i>>() || ...); });
    static constexpr bool backward_reads_output = false;

    /// The branches' own memory and, where their backward reads it, their output.
    static constexpr index memory(extent e) {
        return with_numbers<count>([&](auto... i) {
            return ((detail::memory<branch_type<i>>(e) + (keeps<i>() ? output_bytes(i, e) : 0)) + ...);
        });
    }
    /// The output of a branch, or its gradient; in training the input gradient of one as well.
    static constexpr index scratch(extent e) {
        index joined = 0, most = 0, computed = 0;
        unroll<count>([&](auto i) {
            if constexpr (is_identity<i>()) return;
            joined = std::max(joined, output_bytes(i, e));
            most = std::max(most, detail::scratch<branch_type<i>>(e));
            ++computed;
        });
        return joined + (e.training && computed > 1 ? bytes_of<T>(e.batch * In.size()) : 0) + most;
    }

    template <class Activation = no_activation>
    void forward(const T* x, T* y, const pass& p, const Activation& activation = {}) const {
        unroll<count>([&](auto i) {
            const T* from = x;
            if constexpr (!is_identity<i>()) {
                arena room(p.scratch);
                T* const own = room.take<T>(p.batch * outputs[i].size());
                get<i>().forward(x, own, part(p, i, nullptr, room.rest()));
                from = own;
            }
            join<i>(y, from, p, activation);
        });
    }

    template <class Activation = no_activation>
    void forward_training(const T* x, T* y, const pass& p, const Activation& activation = {}) {
        const auto at = kept(p);
        unroll<count>([&](auto i) {
            const T* from = x;
            if constexpr (!is_identity<i>()) {
                arena room(p.scratch);
                T* const own = keeps<i>() ? at[i].output : room.take<T>(p.batch * outputs[i].size());
                const pass inner = part(p, i, at[i].memory, room.rest());
                if constexpr (runs_training<branch_type<i>, T>)
                    get<i>().forward_training(x, own, inner);
                else
                    get<i>().forward(x, own, inner);
                from = own;
            }
            join<i>(y, from, p, activation);
        });
    }

    /// Every branch receives its channels of dy; their input gradients add up.
    template <class Below = no_activation>
    void backward(const T* x, const T*, const T* dy, auto dx, const pass& p, const Below& below = {}) {
        constexpr bool wants_dx = !std::is_null_pointer_v<decltype(dx)>;
        const auto at = kept(p);
        unroll<count>([&](auto n) {
            constexpr std::size_t i = order[n];
            constexpr bool first = n == 0, last = n + 1 == count;
            if constexpr (wants_dx && is_identity<i>()) {
                add<i, first, last>(dx, dy + offset(i), out.channels, x, p, below);
            } else if constexpr (wants_dx || detail::is_trained<branch_type<i>>()) {
                arena room(p.scratch);
                T* const gradient = room.take<T>(p.batch * outputs[i].size());
                split<i>(gradient, dy, p);
                if constexpr (!wants_dx) {
                    get<i>().backward(x, at[i].output, gradient, nullptr,
                                      part(p, i, at[i].memory, room.rest()));
                } else {
                    T* own = dx;
                    if constexpr (!first) own = room.take<T>(p.batch * In.size());
                    get<i>().backward(x, at[i].output, gradient, own, part(p, i, at[i].memory, room.rest()));
                    if constexpr (!first) add<i, false, last>(dx, own, In.channels, x, p, below);
                }
            }
        });
    }

private:
    branches_type m_branches;

    template <std::size_t I> static constexpr bool is_identity() {
        return std::is_same_v<std::tuple_element_t<I, child_specs>, identity>;
    }
    template <std::size_t I> static constexpr bool keeps() {
        return !is_identity<I>() && detail::reads_output<branch_type<I>>();
    }
    /// Backward, those that compute come first, so that the first writes dx itself.
    static constexpr std::array<std::size_t, count> order = with_numbers<count>([](auto... i) {
        std::array<std::size_t, count> all{};
        std::size_t n = 0;
        ((is_identity<i>() ? void() : void(all[n++] = i)), ...);
        ((is_identity<i>() ? void(all[n++] = i) : void()), ...);
        return all;
    });
    /// The first channel of branch i in the output.
    static constexpr index offset(std::size_t i) {
        index sum = 0;
        for (std::size_t k = 0; k < i; ++k) sum += outputs[k].channels;
        return sum;
    }
    static constexpr index output_bytes(std::size_t i, const extent& e) {
        return bytes_of<T>(e.batch * outputs[i].size());
    }

    struct places {
        std::byte* memory = nullptr;
        T* output = nullptr;
    };
    static std::array<places, count> kept(const pass& p) {
        arena room(p.memory);
        std::array<places, count> at{};
        unroll<count>([&](auto i) {
            at[i].memory = room.take<std::byte>(detail::memory<branch_type<i>>(p));
            if (keeps<i>()) at[i].output = room.take<T>(p.batch * outputs[i].size());
        });
        return at;
    }
    static pass part(const pass& p, std::size_t i, std::byte* memory, std::byte* scratch) {
        return {static_cast<const extent&>(p), memory, scratch, p.random.fork(static_cast<std::uint32_t>(i))};
    }

    /// body(pixel) for the pixels of all samples; `elements` are moved for each.
    template <class Body> static void each_pixel(index pixels, index elements, const Body& body) {
        const index grain = std::max<index>(1, sweep_grain / elements);
        sweep(pixels, grain, elements * static_cast<index>(sizeof(T)), [&](index begin, index end) {
            for (index i = begin; i < end; ++i) body(i);
        });
    }
    /// The channels of branch I of y = activation(from).
    template <std::size_t I, class Activation>
    static void join(T* y, const T* from, const extent& e, const Activation& activation) {
        constexpr index channels = outputs[I].channels;
        each_pixel(e.batch * out.pixels(), 2 * channels, [&](index i) {
            T* const to = y + i * out.channels + offset(I);
            detail::vector_loop<T>(0, channels, [&](index c, auto... n) {
                const auto v = detail::load(from + i * channels + c, n...);
                detail::store(to + c, detail::value_of(activation, v), n...);
            });
        });
    }
    /// to = the channels of branch I of dy.
    template <std::size_t I> static void split(T* to, const T* dy, const extent& e) {
        constexpr index channels = outputs[I].channels;
        each_pixel(e.batch * out.pixels(), 2 * channels, [=](index i) {
            std::copy_n(dy + i * out.channels + offset(I), channels, to + i * channels);
        });
    }
    /// dx += from, whose pixels are `stride` apart; the first is stored, the last times the slope below.
    template <std::size_t I, bool First, bool Last, class Below>
    static void add(T* dx, const T* from, index stride, const T* x, const extent& e, const Below& below) {
        each_pixel(e.batch * In.pixels(), 3 * In.channels, [&](index i) {
            T* const to = dx + i * In.channels;
            detail::vector_loop<T>(0, In.channels, [&](index c, auto... n) {
                auto sum = detail::load(from + i * stride + c, n...);
                if constexpr (!First) sum += detail::load(to + c, n...);
                if constexpr (Last && has_activation<Below>)
                    sum = detail::times_slope(sum, below, detail::load(x + i * In.channels + c, n...));
                detail::store(to + c, sum, n...);
            });
        });
    }
};

} // namespace strata
