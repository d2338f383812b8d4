#include <strata/data/dataset.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/concatenate.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/frozen.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/prelu.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/layers/tanh.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/network/summary.hpp>
#include <strata/optim/adam.hpp>
#include <strata/train/fit.hpp>

#include <algorithm>
#include <concepts>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

namespace {

constexpr conv three{.filters = 5, .kernel = 3, .padding = same};
using image = input_of<double, 5, 4, 3>;

/// A layer of one's own that does not say how its input gradient is computed alone, and may not run backward.
struct forward_only {
    initialiser factor_init = constant{3};

    static constexpr shape output(shape in) { return in; }
    template <shape In, class T> struct layer;
};
template <shape In, class T> struct forward_only::layer {
    forward_only spec;
    parameter<T, 1> factor{};
    static constexpr auto parameters =
        std::tuple{trainable("factor", &layer::factor, extents(1), kind::weight, &forward_only::factor_init)};

    void forward(const T* x, T* y, const pass& p) const {
        for (strata::index i = 0; i < p.batch * In.size(); ++i) y[i] = factor.value(0) * x[i];
    }
    void backward(const T*, const T*, const T*, auto, const pass&) { FAIL("backward of what is frozen"); }
};

/// The same parameters in both, though they lie elsewhere.
template <class From, class To> void copy_parameters(From& from, To& to) {
    static_assert(From::parameter_table.size() == To::parameter_table.size());
    for (std::size_t i = 0; i < From::parameter_table.size(); ++i) {
        const auto &a = From::parameter_table[i], &b = To::parameter_table[i];
        REQUIRE(std::string_view(a.name) == std::string_view(b.name));
        REQUIRE(a.sizes == b.sizes);
        const auto source = is_trainable(a.kind) ? from.values() : from.state();
        const auto place = is_trainable(b.kind) ? to.values() : to.state();
        std::copy_n(source.begin() + a.offset, a.sizes.size(), place.begin() + b.offset);
    }
}

} // namespace

TEST_CASE("frozen layers obey the laws of a layer") {
    testing::layer_laws<1, 1, 7>(frozen{dense<5>{}});
    testing::layer_laws<5, 4, 3>(frozen{conv2d<three>{}});
    testing::layer_laws<3, 4, 5>(frozen{batch_norm<>{}});
    testing::layer_laws<3, 4, 5>(frozen{batch_norm<norm{.scale = false}>{}});
    testing::layer_laws<3, 2, 5>(frozen{prelu<>{}});
    testing::layer_laws<3, 2, 5>(frozen{relu{}});
}

TEST_CASE("frozen sequences, residuals and concatenates obey the laws of a layer") {
    testing::layer_laws<5, 4, 3>(
        frozen{sequence{conv2d<three>{}, batch_norm<>{}, relu{}, max_pool2d<>{}, conv2d<three>{}, gelu{}}});
    testing::layer_laws<1, 1, 5>(frozen{residual{sequence{dense<9>{}, gelu{}, dense<5>{}}}});
    testing::layer_laws<1, 1, 5>(frozen{residual{dense<4>{}, dense<4, no_bias>{}}});
    testing::layer_laws<1, 1, 5>(frozen{concatenate{identity{}, sequence{dense<9>{}, strata::tanh{}}}});
}

TEST_CASE("frozen layers among others") {
    testing::check_apart("convolutions", image{}, conv2d<three>{}, relu{}, frozen{conv2d<three>{}}, relu{},
                         frozen{batch_norm<>{}}, strata::tanh{}, frozen{prelu<>{}}, conv2d<three>{},
                         flatten{}, gelu{}, frozen{dense<6>{}}, relu{}, dense<3>{});
    network net{image{},   frozen{conv2d<three>{}},
                gelu{},    conv2d<three>{},
                gelu{},    frozen{sequence{conv2d<three>{}, batch_norm<>{}, gelu{}}},
                flatten{}, dense<3>{}};
    testing::check_gradients(net, {.batch = 3});
}

TEST_CASE(
    "a frozen layer computes what the layer computes, in training as in inference, and its input gradient") {
    network free{image{}, conv2d<three>{}, relu{}, residual{conv2d<three>{}}, flatten{}, dense<3>{}};
    network fixed{image{}, frozen{sequence{conv2d<three>{}, relu{}}}, frozen{residual{conv2d<three>{}}},
                  flatten{}, frozen{frozen{dense<3>{}}}};
    STATIC_REQUIRE(decltype(fixed)::parameter_count == 0);
    network alike{image{},   frozen{conv2d<three>{}}, relu{}, frozen{residual{conv2d<three>{}}},
                  flatten{}, frozen{dense<3>{}}};
    copy_parameters(free, alike);
    const auto x = testing::random_values(2 * 60, 1), dy = testing::random_values(2 * 3, 2);
    std::vector<double> y(6), dx(120), other_y(6), other_dx(120);
    workspace room;
    free.forward_training(x.data(), y.data(), 2, room);
    free.backward(x.data(), y.data(), dy.data(), dx.data(), 2, room);
    alike.forward_training(x.data(), other_y.data(), 2, room);
    alike.backward(x.data(), other_y.data(), dy.data(), other_dx.data(), 2, room);
    CHECK(y == other_y);
    CHECK(dx == other_dx);
}

TEST_CASE("frozen parameters are initialised as others are, and named, but are no gradient's") {
    using specs = network<image, conv2d<three>, relu, conv2d<three>, flatten, dense<3>>;
    using frozen_specs =
        network<image, frozen<conv2d<three>>, relu, conv2d<three>, flatten, frozen<dense<3>>>;
    specs free;
    frozen_specs fixed;
    STATIC_REQUIRE(frozen_specs::parameter_count == 5 * 5 * 9 + 5);
    STATIC_REQUIRE(frozen_specs::spans().size() == 2);
    STATIC_REQUIRE(frozen_specs::parameter_table[0].kind == kind::frozen);
    free.initialise(7);
    fixed.initialise(7);
    CHECK((fixed.layer<0>().weight.value == free.layer<0>().weight.value));
    CHECK((fixed.layer<2>().weight.value == free.layer<2>().weight.value));
    CHECK((fixed.layer<4>().weight.value == free.layer<4>().weight.value));
    CHECK(fixed.layer<0>().weight.gradient.data() == nullptr);

    auto copy = fixed; // has its own
    copy.layer<0>().weight.value.fill(1);
    CHECK((fixed.layer<0>().weight.value == free.layer<0>().weight.value));
}

TEST_CASE("training changes nothing that is frozen, not even by decay, and nothing runs backward in front") {
    network net{image{},
                frozen{forward_only{}},
                frozen{conv2d<three>{}},
                relu{},
                flatten{},
                dense<4>{},
                relu{},
                frozen{sequence{batch_norm<>{}, dense<3>{}}},
                dense<2>{}};
    const std::vector<double> state(net.state().begin(), net.state().end()),
        values(net.values().begin(), net.values().end());
    auto x = tensor<double, 4>::from_shape({12, 5, 4, 3});
    auto y = tensor<double, 2>::from_shape({12, 2});
    const auto some = testing::random_values(12 * 60, 1);
    std::copy(some.begin(), some.end(), x.begin());
    std::copy_n(some.begin(), 24, y.begin());
    fit(net, data::dataset(x, y), mean_squared_error{}, adam{.learning_rate = 0.01},
        {.batch_size = 5, .steps = 7, .l2 = 0.1, .weight_decay = 0.1});
    CHECK(std::equal(state.begin(), state.end(), net.state().begin()));
    std::size_t moved = 0;
    for (const auto& p : decltype(net)::parameter_table)
        if (is_trainable(p.kind))
            for (strata::index i = 0; i < p.sizes.size(); ++i) {
                const auto at = static_cast<std::size_t>(p.offset + i);
                moved += net.values()[at] != values[at];
            }
    CHECK(moved == 5 * 4 * 5 * 4 + 4 + 3 * 2 + 2);
}

TEST_CASE("a dropout in what is frozen still drops") {
    network net{input_of<double, 200>{}, frozen{sequence{dropout{.rate = 0.5f}}}};
    const std::vector<double> ones(200, 1.0);
    std::vector<double> y(200);
    workspace room;
    net.forward_training(ones.data(), y.data(), 1, room);
    CHECK(std::count(y.begin(), y.end(), 0.0) > 50);
}

TEST_CASE("a summary says what is frozen") {
    network net{input<8, 8, 3>{}, frozen{conv2d<conv{.filters = 4, .kernel = 2, .bias = false}>{}},
                relu{},           frozen{sequence{batch_norm<>{}, gelu{}}},
                flatten{},        dense<2>{}};
    std::stringstream out;
    out << summary(net);
    std::vector<std::string> all;
    for (std::string line; std::getline(out, line);) all.push_back(line);
    REQUIRE(all.size() == 15);
    CHECK(all[3] == "0 frozen conv2d                 7x7x4            48           2,352");
    CHECK(all[5] == "2 sequence                      7x7x4             8");
    CHECK(all[6] == "  0 frozen batch_norm           7x7x4             8");
    CHECK(all[7] == "  1 gelu                        7x7x4");
    CHECK(all[11].ends_with(" 450           2,744"));
    CHECK(all[12] == "frozen: 56 of the parameters are not trained");
    CHECK(all[13] == "state: 9 numbers that are not trained");
    CHECK(all[14].starts_with("memory: parameters 1.8 KiB; "));
}
