#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/files.hpp"
#include "support/catch.hpp"
#include "support/example.hpp"

using namespace strata;

namespace {

/// 7 images of 6x5 in three colours, of 4 classes.
data::dataset<> images() {
    auto x = tensor<std::uint8_t, 4>::from_shape({7, 6, 5, 3});
    auto y = tensor<std::uint8_t, 1>::from_shape({7});
    for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<std::uint8_t>(i * i % 251);
    for (std::size_t i = 0; i < y.size(); ++i) y(i) = static_cast<std::uint8_t>(i % 4);
    return {x, y};
}

auto convnet() {
    network net{input<6, 5, 3>{}, batch_norm<>{}, conv2d<conv{.filters = 2}>{},
                relu{},           flatten{},      dense<4>{}};
    net.initialise(3);
    return net;
}

/// Runs an example with these options, to the end of `body`.
template <class Body> int run(std::vector<std::string> options, const Body& body) {
    setenv("OMP_WAIT_POLICY", "passive", 0); // or the example would load the program once more
    example program("test", "a test", 10, 100);
    options.insert(options.begin(), "test");
    std::vector<char*> arguments;
    for (auto& option : options) arguments.push_back(option.data());
    return program.main(static_cast<int>(arguments.size()), arguments.data(), [&] { body(program); });
}

} // namespace

TEST_CASE("recorded outputs are those of the network, behind the transforms, in the order of the data") {
    const auto data = images();
    const auto changed =
        data.with([](float* x, shape s, const sample_context<float>&) { std::reverse(x, x + s.size()); });
    const auto net = convnet();
    std::vector<float> outputs;
    const auto result = evaluate(net, changed, recording{{}, &outputs}, {.batch_size = 3});
    REQUIRE(outputs.size() == 7 * 4);

    workspace room;
    for (strata::index i = 0; i < data.size(); ++i) {
        std::vector<float> x(6 * 5 * 3), y(4);
        for (std::size_t k = 0; k < x.size(); ++k)
            x[x.size() - 1 - k] = static_cast<float>(data.samples(i)[k]) / 255;
        net.forward(x.data(), y.data(), 1, room);
        for (std::size_t k = 0; k < y.size(); ++k)
            CHECK(outputs[static_cast<std::size_t>(i) * 4 + k] == Approx(y[k]).epsilon(1e-4).margin(1e-5));
    }
    const auto plain = evaluate(net, changed, softmax_cross_entropy{}, {.batch_size = 3});
    CHECK(result.loss == plain.loss);
    CHECK(result.errors == plain.errors);
    evaluate(net, changed, recording{}); // keeps nothing, and says nothing
    CHECK(outputs.size() == 7 * 4);
}

TEST_CASE("the first filters are those of the first convolution, trained or frozen") {
    auto net = convnet();
    const filter_bank bank = first_filters(net);
    CHECK(bank.weights == net.layer<1>().weight.value.data());
    CHECK(bank.kernel == shape{3, 3, 3});
    CHECK(bank.filters == 2);

    network fixed{input<6, 5, 3>{}, frozen{conv2d<conv{.filters = 5, .kernel = {2, 4}}>{}}, flatten{},
                  dense<4>{}};
    const filter_bank still = first_filters(fixed);
    REQUIRE(still.weights);
    CHECK(still.weights >= fixed.state().data());
    CHECK(still.weights + 2 * 4 * 3 * 5 <= fixed.state().data() + fixed.state().size());
    CHECK(still.kernel == shape{2, 4, 3});
    CHECK(still.filters == 5);

    CHECK_FALSE(first_filters(network{input<6>{}, dense<4>{}}).weights);
}

TEST_CASE("an example writes its pictures where --pictures says") {
    temporary_folder folder;
    const auto data = images();
    const auto report = [&](example& program) {
        program.report(convnet(), {}, parts<data::dataset<>, data::dataset<>>{data, data.slice(0, 0), data},
                       program.track(data));
    };
    CHECK(run({"--pictures", (folder / "new").string()}, report) == 0);
    for (const char* name : {"misclassified.png", "confusion.png", "filters.png"})
        CHECK(std::filesystem::file_size(folder / "new" / name) > 100);

    bool ran = false;
    write_file(folder / "file", "x");
    CHECK(run({"--pictures", (folder / "file").string()}, [&](example&) { ran = true; }) == 2);
    CHECK_FALSE(ran); // it is said before anything is trained
}
