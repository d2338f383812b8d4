#include <strata/core/concepts.hpp>

#include <string_view>
#include <tuple>
#include <type_traits>

#include "support/catch.hpp"

using namespace strata;

namespace {

struct half {
    static constexpr bool is_activation = true;
    float operator()(float v) const { return v / 2; }
    float slope(float) const { return 0.5f; }
};

/// Says nothing about itself.
struct bare {
    void forward(const float*, float*, const pass&) const {}
    void backward(const float*, const float*, const float*, float*, const pass&) {}
};

struct rich {
    parameter<float, 1> weight, mean;
    static constexpr std::tuple parameters{starts_at(1, "weight", &rich::weight, extents(3), kind::weight),
                                           starts_at(0, "mean", &rich::mean, extents(3), kind::state)};
    static constexpr bool in_place = true, is_view = true;
    static constexpr bool backward_reads_input = false, backward_reads_output = false;
    static constexpr strata::index multiply_adds = 12;
    static constexpr strata::index memory(extent e) { return e.batch; }
    static constexpr strata::index scratch(extent e) { return 65 * e.threads; }

    template <class Activation = no_activation>
    void forward(const float*, float*, const pass&, const Activation& = {}) const {}
    template <class Activation = no_activation>
    void forward_training(const float*, float*, const pass&, const Activation& = {}) {}
    static constexpr bool below_reads_output = true;
    template <class Below = no_activation>
    void backward(const float*, const float*, const float*, auto, const pass&, const Below& = {}) {}
};

struct no_slope {
    float operator()(float v) const { return v / 2; }
};

/// Looks at its output where the slope of the activation is a constant.
struct looks {
    template <class Below> static constexpr bool below_reads_output = std::is_same_v<Below, half>;
};

/// An activation with a function of its own.
struct shaped : half {
    half function() const { return {}; }
};

struct fuses_in_inference : bare {
    using bare::forward;
    void forward(const float*, float*, const pass&, const half&) const {}
    void forward_training(const float*, float*, const pass&) {}
};

struct keeps_count {
    parameter<float, 1> seen;
    static constexpr std::tuple parameters{starts_at(0, "seen", &keeps_count::seen, extents(1), kind::state)};
};

template <class... Layers> struct group {
    std::tuple<Layers...> layers;
    auto children() {
        return std::apply([](auto&... l) { return std::tie(l...); }, layers);
    }
    static constexpr int child_names = 0;
};

} // namespace

TEST_CASE("what a layer leaves out has a value that is safe") {
    static_assert(!detail::in_place<bare>() && detail::in_place<rich>());
    static_assert(!detail::is_view<bare>() && detail::is_view<rich>());
    static_assert(detail::reads_input<bare>() && !detail::reads_input<rich>());
    static_assert(detail::reads_output<bare>() && !detail::reads_output<rich>());
    static_assert(!detail::below_reads_output<bare, half>() && detail::below_reads_output<rich, half>());
    static_assert(detail::below_reads_output<looks, half>()
                  && !detail::below_reads_output<looks, no_slope>());
    static_assert(std::is_same_v<detail::function_type<half>, half>);
    static_assert(std::is_same_v<detail::function_type<shaped>, half>);
    static_assert(detail::multiply_adds<bare>() == 0 && detail::multiply_adds<rich>() == 12);
    static_assert(detail::memory<bare>({}) == 0 && detail::scratch<bare>({}) == 0);
    static_assert(detail::memory<rich>({.batch = 65}) == 128); // whole cache lines
    static_assert(detail::scratch<rich>({.threads = 2}) == 192);
    SUCCEED();
}

TEST_CASE("concepts tell what a layer can do") {
    static_assert(runs_forward<bare, float> && runs_backward<bare, float> && !runs_training<bare, float>);
    static_assert(runs_forward<rich, float> && runs_backward<rich, float> && runs_training<rich, float>);
    static_assert(!runs_forward<half, float> && !runs_backward<half, float>);
    static_assert(!may_skip_input_gradient<bare, float> && may_skip_input_gradient<rich, float>);
    static_assert(activation_layer<half> && !activation_layer<bare>);
    static_assert(takes_activation<rich, float, half> && !takes_activation<bare, float, half>);
    static_assert(!takes_activation<fuses_in_inference, float, half>);
    static_assert(takes_activation_in_inference<fuses_in_inference, float, half>);
    static_assert(!takes_activation_in_inference<bare, float, half>);
    static_assert(takes_below<rich, float, half> && takes_below<rich, float, no_activation>);
    static_assert(!takes_below<rich, float, no_slope> && !takes_below<bare, float, half>);
    static_assert(has_parameters<rich> && !has_parameters<bare>);
    static_assert(has_children<group<bare>> && !has_children<rich>);
    SUCCEED();
}

TEST_CASE("a layer is trained if it, or a layer inside, has a parameter that is no state") {
    static_assert(detail::is_trained<rich>());
    static_assert(!detail::is_trained<bare>());
    static_assert(!detail::is_trained<keeps_count>());
    static_assert(detail::is_trained<group<bare, group<keeps_count, rich>>>());
    static_assert(!detail::is_trained<group<bare, group<keeps_count>>>());
    SUCCEED();
}
