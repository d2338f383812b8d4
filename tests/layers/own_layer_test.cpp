// Layers and activations of a user's own, written outside the library with its public headers alone.

#include <strata/core/parallel.hpp>
#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/pointwise.hpp>
#include <strata/layers/relu.hpp>
#include <strata/network/network.hpp>

#include <cmath>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "support/activations.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

namespace mine {

/// y = x gain, one gain a channel, drawn as an option says; the gradient of x is times `leak`.
struct gain {
    strata::initialiser first = strata::constant{1};
    float leak = 1;

    static constexpr std::string_view name = "gain";
    static constexpr strata::shape output(strata::shape in) { return in; }

    template <strata::shape In, class T> struct layer;
};

template <strata::shape In, class T> struct gain::layer {
    gain spec;
    strata::parameter<T, 1> factor{};

    static constexpr auto parameters = std::tuple{strata::trainable(
        "factor", &layer::factor, strata::extents(In.channels), strata::kind::scale, &gain::first)};

    void forward(const T* x, T* y, const strata::pass& p) const {
        for (strata::index i = 0; i < p.batch * In.size(); ++i)
            y[i] = x[i] * factor.value.data()[i % In.channels];
    }
    void backward(const T* x, const T*, const T* dy, auto dx, const strata::pass& p) {
        T* const dfactor = factor.gradient.data();
        std::fill_n(dfactor, In.channels, T(0));
        for (strata::index i = 0; i < p.batch * In.size(); ++i) {
            dfactor[i % In.channels] += dy[i] * x[i];
            if constexpr (!std::is_null_pointer_v<decltype(dx)>)
                dx[i] = dy[i] * factor.value.data()[i % In.channels] * static_cast<T>(spec.leak);
        }
    }
};

/// y = x / (1 + |x|); in the store of the layer in front, as strata's own activations.
struct softsign {
    float steepness = 1;

    static constexpr std::string_view name = "softsign";
    static constexpr strata::shape output(strata::shape in) { return in; }

    template <class T> T value(T x) const { return x / (1 / static_cast<T>(steepness) + std::abs(x)); }
    template <class T> T slope(T y) const {
        const T rest = 1 - std::abs(y);
        return rest * rest * static_cast<T>(steepness);
    }
    template <strata::shape In, class T> struct layer : strata::pointwise<softsign, In, T> {};
};

/// y = x², an activation whose backward needs its input: it must not be fused.
struct square {
    static constexpr std::string_view name = "square";
    static constexpr strata::shape output(strata::shape in) { return in; }

    template <strata::shape In, class T> struct layer {
        static constexpr bool is_activation = true;
        T operator()(T x) const { return x * x; }
        void forward(const T* x, T* y, const strata::pass& p) const {
            for (strata::index i = 0; i < p.batch * In.size(); ++i) y[i] = x[i] * x[i];
        }
        void backward(const T* x, const T*, const T* dy, T* dx, const strata::pass& p) {
            for (strata::index i = 0; i < p.batch * In.size(); ++i) dx[i] = dy[i] * 2 * x[i];
        }
    };
};

/// y = 3 x; takes the activation behind it in inference only.
struct triple {
    static constexpr std::string_view name = "triple";
    static constexpr strata::shape output(strata::shape in) { return in; }

    template <strata::shape In, class T> struct layer {
        static constexpr bool backward_reads_output = false;
        template <class Activation = strata::no_activation>
        void forward(const T* x, T* y, const strata::pass& p, const Activation& activation = {}) const {
            for (strata::index i = 0; i < p.batch * In.size(); ++i) y[i] = activation(3 * x[i]);
        }
        void forward_training(const T* x, T* y, const strata::pass& p) { forward(x, y, p); }
        void backward(const T*, const T*, const T* dy, T* dx, const strata::pass& p) {
            for (strata::index i = 0; i < p.batch * In.size(); ++i) dx[i] = 3 * dy[i];
        }
    };
};

} // namespace mine

using namespace strata;

TEST_CASE("a layer of one's own obeys the laws of a layer") {
    testing::layer_laws<1, 1, 5>(mine::gain{.first = uniform{-1, 1}});
    testing::layer_laws<3, 2, 4>(mine::gain{});
}

TEST_CASE("a layer of one's own has a name, parameters and options in a network") {
    network net{input_of<double, 3>{}, mine::gain{.first = constant{4}, .leak = 0.5f}, dense<2>{},
                mine::gain{}};
    static_assert(decltype(net)::parameter_count == 3 + 8 + 2);
    CHECK(std::string_view(net.parameter_table[0].name) == "0.factor");
    CHECK(net.layer<0>().factor.value(2) == 4);
    CHECK(net.layer<0>().spec.leak == 0.5f);
    CHECK(net.layer<2>().factor.value(1) == 1);
    const auto copy = net;
    CHECK(copy.layer<0>().spec.leak == 0.5f);
    CHECK(&copy.layer<0>().factor.value(0) == copy.values().data());
    testing::check_gradients(net, {.check_input = false});
}

TEST_CASE("an activation of one's own obeys the laws and is fused") {
    testing::layer_laws<1, 1, 5>(mine::softsign{});
    testing::layer_laws<1, 2, 3>(mine::softsign{.steepness = 3});
    CHECK(testing::applied<double>(mine::softsign{.steepness = 2}, {1, -3})
          == std::vector<double>{1 / 1.5, -3 / 3.5});

    using net = network<input<4>, dense<3>, mine::softsign, dense<2>>;
    static_assert(net::layers_type::training.fused[0]);
    static_assert(net::layers_type::inference.fused[0]);
    static_assert(!net::layers_type::training.fused[2]);
    testing::check_apart("softsign", input_of<double, 4>{}, dense<3>{}, mine::softsign{.steepness = 2},
                         dense<2>{}, mine::softsign{});
}

TEST_CASE(
    "an activation that reads its input is fused in inference only, as its input would never be written") {
    testing::layer_laws<1, 1, 5>(mine::square{});
    using net = network<input<4>, dense<3>, mine::square>;
    static_assert(!net::layers_type::training.fused[0]);
    static_assert(net::layers_type::inference.fused[0]);
    testing::check_apart("square", input_of<double, 4>{}, dense<3>{}, mine::square{}, dense<2>{},
                         mine::square{});
}

TEST_CASE("a layer that takes activations in inference only is not fused in training") {
    using net = network<input<4>, mine::triple, relu>;
    static_assert(!net::layers_type::training.fused[0]);
    static_assert(net::layers_type::inference.fused[0]);
    testing::check_apart("triple", input_of<double, 4>{}, mine::triple{}, relu{}, mine::triple{}, relu{});
}
