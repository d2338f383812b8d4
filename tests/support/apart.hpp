#pragma once

#include <strata/core/concepts.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/layers/sequence.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

namespace strata::testing {

/// A layer that shares nothing with its neighbours: never in place, no view, never fused, and everything it
/// reads or writes is kept. A network of these is what a network with a buffer plan must equal.
template <layer_spec Spec> struct apart {
    Spec inner{};

    static constexpr std::string_view name = "apart";
    static constexpr shape output(shape in) { return Spec::output(in); }

    template <shape In, class T> struct layer {
        using inner_type = typename bound<0, Spec, In, T>::layer;
        inner_type inner;

        explicit layer(const apart& spec) : inner(bound<0, Spec, In, T>::make(spec.inner)) {}

        auto children() { return std::tie(inner); }
        static constexpr std::array child_names{std::string_view("inner")};
        static constexpr index memory(extent e) { return strata::detail::memory<inner_type>(e); }
        static constexpr index scratch(extent e) { return strata::detail::scratch<inner_type>(e); }

        void forward(const T* x, T* y, const pass& p) const { inner.forward(x, y, p); }
        void forward_training(const T* x, T* y, const pass& p) {
            if constexpr (runs_training<inner_type, T>)
                inner.forward_training(x, y, p);
            else
                inner.forward(x, y, p);
        }
        void backward(const T* x, const T* y, const T* dy, auto dx, const pass& p) {
            inner.backward(x, y, dy, dx, p);
        }
    };
};

namespace detail {

struct planned_and_apart {
    runnable<double>&planned, &apart;
};

/// Inference and training of both give the same bits.
inline void check_same(const planned_and_apart& nets, const std::string& which) {
    INFO(which);
    constexpr index batch = 3;
    randomise(nets.planned, 8);
    REQUIRE(nets.planned.values.size() == nets.apart.values.size());
    REQUIRE(nets.planned.state.size() == nets.apart.state.size());
    std::copy(nets.planned.values.begin(), nets.planned.values.end(), nets.apart.values.begin());
    std::copy(nets.planned.state.begin(), nets.planned.state.end(), nets.apart.state.begin());

    const auto x = random_values(batch * nets.planned.input_size, 5);
    const auto dy = random_values(batch * nets.planned.output_size, 6);
    CHECK(infer(nets.planned, x, batch) == infer(nets.apart, x, batch));
    const outcome<double> a(nets.planned, x, dy, batch), b(nets.apart, x, dy, batch);
    CHECK(a.y == b.y);
    CHECK(a.dx == b.dx);
    CHECK(a.gradients == b.gradients);
    CHECK(infer(nets.planned, x, batch) == infer(nets.apart, x, batch));
    CHECK(std::equal(nets.planned.state.begin(), nets.planned.state.end(), nets.apart.state.begin()));
}

} // namespace detail

/// These layers in one network give the same bits as when each is kept apart from the others.
template <class Input, class... Specs>
void check_apart(const std::string& which, Input, const Specs&... specs) {
    network planned{Input{}, specs...};
    network separate{Input{}, apart<Specs>{specs}...};
    running<decltype(planned)> a(planned);
    running<decltype(separate)> b(separate);
    detail::check_same({a, b}, which);
}

} // namespace strata::testing
