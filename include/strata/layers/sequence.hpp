#pragma once

#include <strata/core/concepts.hpp>
#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/trace.hpp>
#include <strata/core/unroll.hpp>
#include <strata/layers/plan.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace strata {

/// Layer number Index of a sequence, bound to the shape and the scalar it meets. The compiler names it in the
/// first lines of an error, with the layer's number, its specification and the shape that reached it.
template <std::size_t Index, layer_spec Spec, shape In, class T> struct bound {
    using layer = typename Spec::template layer<In, T>;
    static_assert(sizeof(layer) > 0);
    static_assert(runs_forward<layer, T>, "a layer needs forward(const T* x, T* y, const pass&) const");
    static_assert(runs_backward<layer, T>,
                  "a layer needs backward(const T* x, const T* y, const T* dy, T* dx, const pass&)");
    static_assert(
        !detail::is_trained<layer>() || may_skip_input_gradient<layer, T>,
        "a layer with parameters needs backward(const T* x, const T* y, const T* dy, auto dx, const "
        "pass&): dx is nullptr where the input gradient is not wanted");
    static_assert(!detail::in_place<layer>() || Spec::output(In).size() == In.size(),
                  "a layer that works in place must keep the size of its input");

    static layer make(const Spec& spec) {
        if constexpr (requires { layer{spec}; }) {
            return layer{spec};
        } else {
            static_assert(
                !requires(layer l) { l.spec = spec; },
                "the specification must be the first member of its layer, or its options are lost");
            return layer{};
        }
    }
};

namespace detail {

/// "0", "1", ...: what the layers of a sequence are called in the names of their parameters.
template <std::size_t I> struct decimal {
    static constexpr std::size_t digits = [] {
        std::size_t count = 1;
        for (std::size_t n = I; n > 9; n /= 10) ++count;
        return count;
    }();
    static constexpr std::array<char, digits> text = [] {
        std::array<char, digits> out{};
        for (std::size_t i = digits, n = I; i-- > 0; n /= 10) out[i] = static_cast<char>('0' + n % 10);
        return out;
    }();
};

} // namespace detail

/// Layers one after the other, as one layer: for the branches of `residual`, for a block used several times.
/// A network is a sequence with an input.
template <layer_spec... Specs> struct sequence {
    static_assert(sizeof...(Specs) > 0, "sequence: at least one layer is needed");
    std::tuple<Specs...> specs;

    constexpr sequence() = default;
    constexpr sequence(Specs... layers) requires(sizeof...(Specs) > 0) : specs(layers...) {}

    static constexpr std::string_view name = "sequence";
    static constexpr shape output(shape in) { return trace<Specs...>(in).back(); }

    /// `Whole`: these are a network's layers, and its scratch memory follows right behind what it keeps.
    template <shape In, class T, bool Whole = false> struct layer;
};

template <layer_spec... Specs> template <shape In, class T, bool Whole> struct sequence<Specs...>::layer {
    static constexpr std::size_t count = sizeof...(Specs);
    static constexpr std::array<shape, count + 1> shapes = trace<Specs...>(In);

private:
    using numbers = std::index_sequence_for<Specs...>;
    template <std::size_t... I>
    static std::tuple<typename bound<I, Specs, shapes[I], T>::layer...> bind_all(std::index_sequence<I...>);
    template <std::size_t... I> static auto make_all(const sequence& spec, std::index_sequence<I...>) {
        return decltype(bind_all(numbers{})){bound<I, Specs, shapes[I], T>::make(std::get<I>(spec.specs))...};
    }

public:
    /// The layers, bound.
    using layers_type = decltype(bind_all(numbers{}));
    template <std::size_t I> using layer_type = std::tuple_element_t<I, layers_type>;

    explicit layer(const sequence& spec) : m_layers(make_all(spec, numbers{})) {}

    template <std::size_t I> auto& get() { return std::get<I>(m_layers); }
    template <std::size_t I> const auto& get() const { return std::get<I>(m_layers); }

    auto children() {
        return std::apply([](auto&... l) { return std::tie(l...); }, m_layers);
    }
    static constexpr auto child_names = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array{
            std::string_view(detail::decimal<I>::text.data(), detail::decimal<I>::text.size())...};
    }
    (numbers{});
    using child_specs = std::tuple<Specs...>;

    /// Where arrays lie, and which layers are computed by their neighbours.
    static constexpr plan<count> training = make_plan<layers_type, T, count>(shapes, true, Whole);
    static constexpr plan<count> inference = make_plan<layers_type, T, count>(shapes, false);
    static constexpr index multiply_adds =
        with_numbers<count>([](auto... i) { return (detail::multiply_adds<layer_type<i>>() + ...); });
    static constexpr bool backward_reads_input = true, backward_reads_output = training.reads_output;

    /// Whether backward can apply the slope of an activation in front of the sequence: its first layer does.
    template <class Below> static constexpr bool takes() {
        if constexpr (foremost < count) {
            using layer = layer_type < foremost<count ? foremost : 0>;
            return takes_below<layer, T, Below> && !detail::below_reads_output<layer, Below>();
        } else {
            return false;
        }
    }

    /// What the layers keep, and behind that the kept activations.
    static constexpr index memory(extent e) { return layer_memory(e) + e.batch * training.kept; }
    static constexpr index scratch(extent e) {
        const index bytes = e.batch * (e.training ? training.spare : inference.spare);
        return bytes + with_numbers<count>([&](auto... i) {
                   return std::max({index{0}, detail::scratch<layer_type<i>>(e)...});
               });
    }

    void forward(const T* x, T* y, const pass& p) const {
        const auto at = arrays(inference.activation, x, y, p);
        unroll<count>([&](auto i) {
            if constexpr (!inference.skipped[i]) {
                const pass inner = part(p, i, nullptr, p.scratch + p.batch * inference.spare);
                if constexpr (inference.fused[i])
                    get<i>().forward(at[i], at[i + 2], inner, detail::function_of(get<i + 1>()));
                else
                    get<i>().forward(at[i], at[i + 1], inner);
            }
        });
    }

    void forward_training(const T* x, T* y, const pass& p) {
        const auto at = arrays(training.activation, x, y, p);
        arena kept(p.memory);
        unroll<count>([&](auto i) {
            std::byte* const memory = kept.take<std::byte>(detail::memory<layer_type<i>>(p));
            if constexpr (!training.skipped[i]) {
                const pass inner = part(p, i, memory, p.scratch + p.batch * training.spare);
                if constexpr (!runs_training<layer_type<i>, T>) {
                    if constexpr (training.fused[i])
                        get<i>().forward(at[i], at[i + 2], inner, detail::function_of(get<i + 1>()));
                    else
                        get<i>().forward(at[i], at[i + 1], inner);
                } else {
                    if constexpr (training.fused[i])
                        get<i>().forward_training(at[i], at[i + 2], inner, detail::function_of(get<i + 1>()));
                    else
                        get<i>().forward_training(at[i], at[i + 1], inner);
                }
            }
        });
    }

    /// dx may be nullptr: then nothing is computed that only an input gradient would need. What a forward
    /// kept serves one backward, which writes over it.
    template <class Below = no_activation>
        requires(!has_activation<Below> || takes<Below>())
    void backward(const T* x, const T* y, const T* dy, auto dx, const pass& p, const Below& below = {}) {
        constexpr bool wants_dx = !std::is_null_pointer_v<decltype(dx)>;
        constexpr std::size_t first = wants_dx ? 0 : first_trained;
        const auto at = arrays(training.activation, x, const_cast<T*>(y), p);
        T* to = nullptr;
        if constexpr (wants_dx) to = dx;
        const auto deltas = arrays(training.delta, to, const_cast<T*>(dy), p);
        arena kept(p.memory);
        std::array<std::byte*, count> memory{};
        unroll<count>([&](auto i) { memory[i] = kept.take<std::byte>(detail::memory<layer_type<i>>(p)); });

        unroll<count>([&](auto reversed) {
            constexpr std::size_t i = count - 1 - reversed;
            if constexpr (i >= first && first < count && !training.folded[i]) {
                const pass inner = part(p, i, memory[i], p.scratch + p.batch * training.spare);
                const auto run = [&](auto target, const auto&... applied) {
                    get<i>().backward(at[i], at[i + 1], deltas[i + 1], target, inner, applied...);
                };
                if constexpr (i == first && !wants_dx)
                    run(nullptr);
                else if constexpr (training.below[i] >= 0)
                    run(deltas[i], detail::function_of(get<static_cast<std::size_t>(training.below[i])>()));
                else if constexpr (i == foremost && has_activation<Below>)
                    run(deltas[i], below);
                else
                    run(deltas[i]);
            }
        });
    }

private:
    layers_type m_layers;

    /// The first layer that is no view.
    static constexpr std::size_t foremost = with_numbers<count>([](auto... i) {
        std::size_t first = count;
        ((first = first == count && !detail::is_view<layer_type<i>>() ? std::size_t{i} : first), ...);
        return first;
    });
    static constexpr std::size_t first_trained = with_numbers<count>([](auto... i) {
        std::size_t first = count;
        ((first = first == count && detail::is_trained<layer_type<i>>() ? std::size_t{i} : first), ...);
        return first;
    });

    /// Where arrays lie in a run.
    static std::array<T*, count + 1> arrays(const std::array<place, count + 1>& places, const T* x, T* y,
                                            const pass& p) {
        std::array<T*, count + 1> at{};
        for (std::size_t k = 0; k <= count; ++k) {
            const auto [in, offset] = places[k];
            std::byte* const own = in == area::kept ? p.memory + layer_memory(p) : p.scratch;
            at[k] = in == area::input    ? const_cast<T*>(x) // which nobody writes
                    : in == area::output ? y
                                         : reinterpret_cast<T*>(own + p.batch * offset);
        }
        return at;
    }

    static constexpr index layer_memory(extent e) {
        return with_numbers<count>([&](auto... i) { return (detail::memory<layer_type<i>>(e) + ...); });
    }
    static pass part(const pass& p, std::size_t i, std::byte* memory, std::byte* scratch) {
        return {static_cast<const extent&>(p), memory, scratch, p.random.fork(static_cast<std::uint32_t>(i))};
    }
};

} // namespace strata
