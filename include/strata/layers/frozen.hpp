#pragma once

#include <strata/core/concepts.hpp>
#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/layers/concatenate.hpp>
#include <strata/layers/identity.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/sequence.hpp>

#include <tuple>
#include <type_traits>

namespace strata {

namespace detail {

/// A layer whose parameters are not trained, and which always runs as in inference.
template <class Spec, shape In, class T> struct frozen_layer : bound<0, Spec, In, T>::layer {
    using inner = typename bound<0, Spec, In, T>::layer;

    explicit frozen_layer(const Spec& from) : inner(bound<0, Spec, In, T>::make(from)) {}

    static constexpr auto parameters = std::apply(
        [](auto... line) {
            ((line.kind = line.kind == kind::state ? kind::state : kind::frozen), ...);
            return std::tuple{line...};
        },
        inner::parameters);

    static constexpr bool backward_reads_input = [] {
        if constexpr (requires { inner::backward_input_reads_input; })
            return inner::backward_input_reads_input;
        else
            return reads_input<inner>();
    }();
    static constexpr index memory(extent) { return 0; }
    void forward_training() = delete; // nor does it have the layer's

    /// dx alone, and nothing at all where that is not wanted.
    template <class... Below>
        requires(sizeof...(Below) == 0 || gives_input_gradient<inner, T, Below...>)
    void backward(const T* x, const T* y, const T* dy, auto dx, const pass& p, const Below&... below) {
        if constexpr (!std::is_null_pointer_v<decltype(dx)>) {
            static_assert(gives_input_gradient<inner, T, Below...>,
                          "frozen: the layer does not say how its input gradient is computed alone: give it "
                          "backward_input(const T* x, const T* y, const T* dy, T* dx, const pass&)");
            inner::backward_input(x, y, dy, dx, p, below...);
        }
    }
};

/// Layers without parameters stay as they are.
template <class Spec, shape In, class T> constexpr auto freeze_bound() {
    using inner = typename bound<0, Spec, In, T>::layer;
    static_assert(!has_children<inner>, "frozen: freeze the layers inside of this one");
    if constexpr (has_parameters<inner>)
        return std::type_identity<frozen_layer<Spec, In, T>>{};
    else
        return std::type_identity<inner>{};
}

} // namespace detail

template <layer_spec Spec> struct frozen;

namespace detail {

/// What a frozen layer is inside of another: an identity is one, which its neighbours want to know.
template <class Spec> struct freeze { using type = frozen<Spec>; };
template <class Spec> struct freeze<frozen<Spec>> { using type = frozen<Spec>; };
template <> struct freeze<identity> { using type = identity; };
template <class Spec> using freeze_t = typename freeze<Spec>::type;

} // namespace detail

/// A layer, or all layers of a sequence, a residual or a concatenate, whose parameters are initialised, saved
/// and counted, but not trained: frozen{conv2d<...>{}} with filters set by hand. Layers with parameters run
/// as in inference, batch norm with its running statistics; others, such as dropout, as ever. Backward, only
/// input gradients are computed, and none where nothing is trained in front.
template <layer_spec Spec> struct frozen : Spec {
    template <shape In, class T> using layer = typename decltype(detail::freeze_bound<Spec, In, T>())::type;
};
template <class Spec> frozen(Spec) -> frozen<Spec>;

template <layer_spec... Specs> struct frozen<sequence<Specs...>> : sequence<detail::freeze_t<Specs>...> {
    using base = sequence<detail::freeze_t<Specs>...>;
    constexpr frozen() = default;
    constexpr frozen(const sequence<Specs...>& s)
        : base(std::apply([](const auto&... l) { return base(detail::freeze_t<Specs>{l}...); }, s.specs)) {}
};

template <layer_spec... Branches>
struct frozen<concatenate<Branches...>> : concatenate<detail::freeze_t<Branches>...> {
    using base = concatenate<detail::freeze_t<Branches>...>;
    constexpr frozen() = default;
    constexpr frozen(const concatenate<Branches...>& c)
        : base(std::apply([](const auto&... b) { return base(detail::freeze_t<Branches>{b}...); },
                          c.branches)) {}
};

template <layer_spec Branch, layer_spec Shortcut>
struct frozen<residual<Branch, Shortcut>> : residual<detail::freeze_t<Branch>, detail::freeze_t<Shortcut>> {
    using base = residual<detail::freeze_t<Branch>, detail::freeze_t<Shortcut>>;
    constexpr frozen() = default;
    constexpr frozen(const residual<Branch, Shortcut>& r)
        : base(detail::freeze_t<Branch>{r.branch}, detail::freeze_t<Shortcut>{r.shortcut}) {}
};

} // namespace strata
