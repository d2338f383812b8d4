#include <strata/layers/average_pool2d.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/global_average_pool.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/tanh.hpp>
#include <strata/network/summary.hpp>

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

namespace {

/// The lines of the table, without the blanks at their ends.
template <class Network> std::vector<std::string> lines(const Network& net) {
    std::stringstream out;
    out << summary(net);
    std::vector<std::string> result;
    for (std::string line; std::getline(out, line);) {
        line.erase(line.find_last_not_of(' ') + 1);
        result.push_back(line);
    }
    return result;
}

struct nameless {
    static constexpr shape output(shape in) { return in; }
    template <shape In, class T> struct layer {
        void forward(const T*, T*, const pass&) const {}
        void backward(const T*, const T*, const T*, T*, const pass&) {}
    };
};

} // namespace

TEST_CASE("a summary has a row for every layer, and totals") {
    network net{input<28, 28, 1>{},
                conv2d<conv{.filters = 6, .kernel = 5, .stride = 2, .padding = same}>{},
                relu{},
                max_pool2d<pool{.size = 2}>{},
                flatten{},
                dense<1'000>{},
                dropout{},
                dense<10, no_bias>{}};
    // 14 * 14 outputs of 25 taps and 6 filters; 7 * 7 * 6 features
    auto all = lines(net);
    CHECK(all.back().starts_with("memory: parameters 1.2 MiB; a sample "));
    all.pop_back();
    CHECK(all
          == std::vector<std::string>{
              "layer                 output    parameters   multiply-adds",
              "----------------------------------------------------------",
              "input                28x28x1",
              "0 conv2d             14x14x6           156          29,400",
              "1 relu               14x14x6",
              "2 max_pool2d           7x7x6",
              "3 flatten                294",
              "4 dense                 1000       295,000         294,000",
              "5 dropout               1000",
              "6 dense                   10        10,000          10,000",
              "----------------------------------------------------------",
              "total                              305,156         333,400",
          });
}

TEST_CASE("a summary shows what is inside of composites, two columns deeper each") {
    constexpr conv three{.filters = 4, .kernel = 3, .padding = same, .bias = false};
    network net{input<8, 8, 2>{},
                residual{sequence{conv2d<three>{}, batch_norm<>{}, relu{}},
                         conv2d<conv{.filters = 4, .kernel = 1}>{}},
                residual{sequence{conv2d<three>{}, batch_norm<norm{.scale = false}>{}}}, nameless{},
                global_average_pool{}};
    const auto all = lines(net);
    const std::vector<std::string> expected{
        "layer                          output    parameters   multiply-adds",
        "-------------------------------------------------------------------",
        "input                           8x8x2",
        "0 residual                      8x8x4            92           5,120",
        "  branch sequence               8x8x4            80           4,608",
        "    0 conv2d                    8x8x4            72           4,608",
        "    1 batch_norm                8x8x4             8",
        "    2 relu                      8x8x4",
        "  shortcut conv2d               8x8x4            12             512",
        "1 residual                      8x8x4           148           9,216",
        "  branch sequence               8x8x4           148           9,216",
        "    0 conv2d                    8x8x4           144           9,216",
        "    1 batch_norm                8x8x4             4",
        "  shortcut identity             8x8x4",
        "2 layer                         8x8x4",
        "3 global_average_pool               4",
        "-------------------------------------------------------------------",
        "total                                           240          14,336",
        "state: 18 numbers that are not trained",
    };
    REQUIRE(all.size() == expected.size() + 1);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(all[i] == expected[i]);
}

TEST_CASE("the totals of a summary are the network's") {
    network net{input<12, 10, 3>{}, conv2d<conv{.filters = 5}>{}, average_pool2d<>{}, flatten{}, dense<7>{}};
    CHECK(detail::with_commas(decltype(net)::parameter_count) == "847");
    CHECK(detail::with_commas(decltype(net)::multiply_adds) == "11,500");
    const auto all = lines(net);
    CHECK(all[all.size() - 2].ends_with(" 847          11,500"));
}

TEST_CASE("a summary's memory is what one more sample takes in a workspace") {
    const auto memory = [](const auto& net) { return lines(net).back(); };
    // training: the outputs of the first two poolings, 1024 and 256 bytes, with their activations in place;
    // when the gradient of the first lies beside it, the second is needed no more, but its gradient is.
    // inference: the outputs of two layers at a time
    constexpr auto two = average_pool2d<pool{.size = 2}>{};
    CHECK(memory(network{input<16, 16, 4>{}, two, strata::tanh{}, two, strata::tanh{}, two})
          == "memory: parameters 0 B; a sample 2.2 KiB in training, 1.2 KiB in inference");
    CHECK(memory(network{input_of<double, 16, 16, 4>{}, two, strata::tanh{}, two, strata::tanh{}, two})
          == "memory: parameters 0 B; a sample 4.5 KiB in training, 2.5 KiB in inference");
    // nothing but input and output, which are the caller's
    CHECK(memory(network{input<4, 4, 1>{}, two})
          == "memory: parameters 0 B; a sample 0 B in training, 0 B in inference");
    // buffers for columns and partial sums, which every batch needs, do not count
    CHECK(memory(network{input<8, 8, 4>{}, conv2d<conv{.filters = 8, .padding = same}>{}, relu{},
                         conv2d<conv{.filters = 4, .padding = same}>{}})
          == "memory: parameters 2.3 KiB; a sample 4.0 KiB in training, 2.0 KiB in inference");
}

TEST_CASE("a summary says what a workspace takes for a batch") {
    const int before = threads();
    threads(1);
    network net{input<5>{}, dense<64>{}, strata::tanh{}, dense<32>{}, strata::tanh{}, dense<2>{}};
    const auto last = [&](strata::index batch) {
        std::stringstream out;
        out << summary(net, batch);
        const std::string all = out.str();
        return all.substr(all.rfind('\n', all.size() - 2) + 1);
    };
    CHECK(last(100)
          == "workspace: a batch of 100 on 1 thread takes "
                 + detail::in_bytes(decltype(net)::memory({100, 1, true})) + " in training, "
                 + detail::in_bytes(decltype(net)::memory({100, 1, false})) + " in inference\n");
    workspace room;
    std::vector<float> x(500), y(200);
    net.forward_training(x.data(), y.data(), 100, room);
    CHECK(room.size() == decltype(net)::memory({100, 1, true}));
    threads(2);
    CHECK(last(7).starts_with("workspace: a batch of 7 on 2 threads takes "));
    CHECK(last(0).starts_with("memory: "));
    CHECK_THROWS_AS(last(-1), argument_error);
    threads(before);
}

TEST_CASE("sizes are written in threes, bytes in the unit that suits") {
    CHECK(detail::with_commas(0) == "0");
    CHECK(detail::with_commas(999) == "999");
    CHECK(detail::with_commas(1'000) == "1,000");
    CHECK(detail::with_commas(1'234'567) == "1,234,567");
    CHECK(detail::in_bytes(1'023) == "1023 B");
    CHECK(detail::in_bytes(1'024) == "1.0 KiB");
    CHECK(detail::in_bytes(3 * 1'024 * 1'024 / 2) == "1.5 MiB");
}
