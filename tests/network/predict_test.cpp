#include <strata/core/tensor.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/softmax.hpp>
#include <strata/network/network.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/views/xstrided_view.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xview.hpp>
#endif

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

using namespace strata;

namespace {

/// y = the sum of the pixels times 1, 2, 3, ... : every place shows.
template <class T> auto weighing() {
    network net{input_of<T, 2, 3, 1>{}, flatten{}, dense<1, no_bias>{}};
    for (std::size_t i = 0; i < 6; ++i) net.template layer<1>().weight.value(i, 0) = static_cast<T>(i + 1);
    return net;
}

template <class Network, class Batch> std::string message(const Network& net, const Batch& batch) {
    try {
        net.predict(batch);
    } catch (const argument_error& e) { return e.what(); }
    return "";
}

template <std::size_t N> tensor<float, N> zeros(const std::array<std::size_t, N>& sizes) {
    auto x = tensor<float, N>::from_shape(sizes);
    x.fill(0);
    return x;
}

} // namespace

TEST_CASE("predict takes images as (batch, height, width, channels), (batch, height, width) or in rows") {
    const auto net = weighing<float>();
    const tensor<float, 2> expected{{91}, {-21}};
    const tensor<float, 4> images{{{{1}, {2}, {3}}, {{4}, {5}, {6}}},
                                  {{{-1}, {-1}, {-1}}, {{-1}, {-1}, {-1}}}};
    const tensor<float, 3> grey{{{1, 2, 3}, {4, 5, 6}}, {{-1, -1, -1}, {-1, -1, -1}}};
    const tensor<float, 2> rows{{1, 2, 3, 4, 5, 6}, {-1, -1, -1, -1, -1, -1}};
    const auto a = net.predict(images), b = net.predict(grey), c = net.predict(rows);
    static_assert(std::is_same_v<decltype(a), const tensor<float, 2>>);
    CHECK(a == expected);
    CHECK(b == expected);
    CHECK(c == expected);
}

TEST_CASE("predict takes any expression: views, strides, lazy arithmetic, other types, dynamic rank") {
    const auto net = weighing<float>();
    const tensor<float, 2> expected{{91}};
    const tensor<float, 3> stack{{{9, 9, 9}, {9, 9, 9}}, {{1, 2, 3}, {4, 5, 6}}};
    const auto sliced = net.predict(xt::view(stack, xt::range(1, 2)));
    CHECK(sliced == expected);

    const tensor<float, 3> wide{{{1, 0, 2, 0, 3, 0}, {4, 0, 5, 0, 6, 0}}};
    const auto strided = net.predict(xt::view(wide, xt::all(), xt::all(), xt::range(0, 6, 2)));
    CHECK(strided == expected);

    const tensor<float, 3> turned{{{1, 4}, {2, 5}, {3, 6}}};
    const auto transposed = net.predict(xt::transpose(turned, {0, 2, 1}));
    CHECK(transposed == expected);

    const xt::xtensor<float, 3, xt::layout_type::column_major> columns{{{1, 2, 3}, {4, 5, 6}}};
    const auto other_layout = net.predict(columns);
    CHECK(other_layout == expected);

    const tensor<std::uint8_t, 3> bytes{{{51, 102, 153}, {204, 255, 0}}};
    const auto scaled = net.predict(xt::cast<float>(bytes) / 255.f);
    CHECK(scaled(0, 0) == Approx((51 + 204 + 459 + 816 + 1275) / 255.0));
    const auto raw = net.predict(bytes);
    CHECK(raw(0, 0) == 51 + 204 + 459 + 816 + 1275);

    const xt::xarray<double> dynamic{{{1, 2, 3}, {4, 5, 6}}};
    const auto from_double = net.predict(dynamic);
    CHECK(from_double == expected);
    const auto doubled = net.predict(2 * dynamic);
    CHECK(doubled(0, 0) == 182);

    const auto in_double = weighing<double>().predict(dynamic);
    static_assert(std::is_same_v<decltype(in_double), const tensor<double, 2>>);
    CHECK(in_double(0, 0) == 91);
}

TEST_CASE("predict gives images where the output is an image") {
    network net{input<3, 4, 2>{}, conv2d<conv{.filters = 5, .kernel = 2}>{}, relu{}};
    const auto y = net.predict(zeros<4>({7, 3, 4, 2}));
    static_assert(std::is_same_v<decltype(y), const tensor<float, 4>>);
    CHECK(y.shape() == std::array<std::size_t, 4>{7, 2, 3, 5});
}

TEST_CASE("predict of a flat network takes images with as many numbers") {
    const network net{input<784>{}, dense<10>{}};
    CHECK(net.predict(zeros<4>({2, 28, 28, 1})).shape() == std::array<std::size_t, 2>{2, 10});
    CHECK(net.predict(zeros<3>({2, 28, 28})).shape() == std::array<std::size_t, 2>{2, 10});
    CHECK(message(net, zeros<4>({2, 28, 27, 1}))
          == "predict: the network takes samples of 784, got a batch of 28x27x1");
}

TEST_CASE("predict refuses samples of another shape, naming both") {
    const network net{input<28, 28, 1>{}, flatten{}, dense<10>{}};
    const std::string wants = "predict: the network takes samples of 28x28x1, got a batch of ";
    CHECK(message(net, zeros<4>({2, 28, 27, 1})) == wants + "28x27x1");
    CHECK(message(net, zeros<4>({2, 1, 28, 28})) == wants + "1x28x28"); // channels first
    CHECK(message(net, zeros<3>({2, 14, 56})) == wants + "14x56");      // as many numbers, another image
    CHECK(message(net, zeros<2>({2, 783})) == wants + "783");
    CHECK(message(net, zeros<2>({784, 2})) == wants + "2");
    const std::string rank =
        "predict: the network takes batches of samples of 28x28x1, got an array of rank ";
    CHECK(message(net, zeros<1>({784})) == rank + "1");
    CHECK(message(net, xt::xarray<float>(3.f)) == rank + "0");

    const network colour{input<2, 3, 3>{}, flatten{}, dense<2>{}};
    CHECK(message(colour, zeros<3>({1, 2, 9})) != "");
    CHECK(message(colour, zeros<3>({2, 3, 3})) != ""); // one image without its batch
    CHECK(message(colour, zeros<2>({1, 18})) == "");
}

TEST_CASE("predict refuses an empty batch") {
    const network net{input<28, 28, 1>{}, flatten{}, dense<10>{}};
    CHECK(message(net, zeros<4>({0, 28, 28, 1})) == "network: a batch needs at least 1 sample, not 0");
}

TEST_CASE("NaN among the pixels reaches the outputs of its own sample only") {
    const auto net = weighing<float>();
    const auto y = net.predict(tensor<float, 2>{{1, 2, 3, 4, 5, 6}, {1, NAN, 3, 4, 5, 6}});
    CHECK(y(0, 0) == 91);
    CHECK(std::isnan(y(1, 0)));
}

TEST_CASE("threads predict on one network at once, each with a workspace of its own") {
    network net{input<9, 9, 2>{}, conv2d<conv{.filters = 4, .kernel = 3}>{},
                relu{},           flatten{},
                dense<50>{},      relu{},
                dropout{},        dense<10>{},
                softmax{}};
    testing::randomise(net, 3);
    const auto& shared = net;
    constexpr std::size_t workers = 3, rounds = 20;
    const auto samples = [](std::size_t batch, std::uint64_t seed) {
        auto x = tensor<float, 4>::from_shape({batch, 9, 9, 2});
        const auto values = testing::random_values(static_cast<strata::index>(x.size()), seed);
        std::transform(values.begin(), values.end(), x.begin(),
                       [](double v) { return static_cast<float>(v); });
        return x;
    };

    std::vector<tensor<float, 4>> x;
    std::vector<tensor<float, 2>> expected;
    for (std::size_t w = 0; w < workers; ++w) {
        x.push_back(samples(20 + 13 * w, w));
        expected.push_back(shared.predict(x[w]));
    }
    std::vector<int> right(workers, 0);
    std::vector<std::thread> team;
    for (std::size_t w = 0; w < workers; ++w)
        team.emplace_back([&, w] {
            workspace room;
            for (std::size_t round = 0; round < rounds; ++round)
                right[w] += shared.predict(x[w], room) == expected[w];
        });
    for (auto& t : team) t.join();
    CHECK(right == std::vector<int>(workers, static_cast<int>(rounds)));
}
