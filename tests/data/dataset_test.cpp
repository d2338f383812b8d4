#include <strata/data/dataset.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "files.hpp"
#include "support/catch.hpp"

using namespace strata;
using strata::data::dataset;

namespace {

/// n samples of 2x3x1 bytes: sample i is 10 i, 10 i + 1, ..., its label i % 3.
dataset<> bytes(std::size_t n) {
    auto x = tensor<std::uint8_t, 4>::from_shape({n, 2, 3, 1});
    auto y = tensor<std::uint8_t, 1>::from_shape({n});
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < 6; ++k) x.data()[6 * i + k] = static_cast<std::uint8_t>(10 * i + k);
        y(i) = static_cast<std::uint8_t>(i % 3);
    }
    return {std::move(x), std::move(y)};
}

template <class T> tensor<T, 4> floats(std::size_t n) {
    auto x = tensor<T, 4>::from_shape({n, 1, 1, 2});
    for (std::size_t i = 0; i < 2 * n; ++i) x.data()[i] = static_cast<T>(i);
    return x;
}

tensor<std::uint8_t, 1> zeros(std::size_t n) {
    auto y = tensor<std::uint8_t, 1>::from_shape({n});
    y.fill(0);
    return y;
}

} // namespace

TEST_CASE("a data set keeps samples and targets as they are", "[dataset]") {
    const auto data = bytes(5);
    CHECK(data.size() == 5);
    CHECK(data.sample_shape() == shape{2, 3, 1});
    CHECK(data.target_size() == 1);
    CHECK(data.scale == 1.0 / 255);
    CHECK(*data.samples(3) == 30);
    CHECK(data.samples(3)[5] == 35);
    CHECK(*data.targets(4) == 1);
}

TEST_CASE("floating samples are not scaled and targets may be rows", "[dataset]") {
    auto y = tensor<double, 2>::from_shape({4, 3});
    for (std::size_t i = 0; i < 12; ++i) y.data()[i] = static_cast<double>(i);
    const dataset data(floats<float>(4), y);
    STATIC_REQUIRE(std::is_same_v<decltype(data), const dataset<float, double, 2>>);
    CHECK(data.scale == 1.0);
    CHECK(data.target_size() == 3);
    CHECK(data.targets(2)[1] == 7.0);
    CHECK(data.samples(2)[1] == 5.0f);
}

TEST_CASE("slices and copies share the arrays", "[dataset]") {
    auto data = bytes(10);
    data.classes = {"a", "b", "c"};
    data.scale = 2;
    const auto copy = data;
    CHECK(copy.samples(0) == data.samples(0));
    const auto part = data.slice(2, 5).slice(1, 3);
    CHECK(part.size() == 3);
    CHECK(part.samples(0) == data.samples(3));
    CHECK(part.targets(2) == data.targets(5));
    CHECK(part.classes == data.classes);
    CHECK(part.scale == 2);
    CHECK(data.slice(10, 0).size() == 0);
}

TEST_CASE("arrays outlive the data set they came with", "[dataset]") {
    const auto tail = bytes(10).slice(8, 2);
    CHECK(*tail.samples(1) == 90);
}

TEST_CASE("a split is two slices", "[dataset]") {
    const auto data = bytes(10);
    const auto [train, validation] = split_of(data, split{.train = 6, .validation = 3});
    CHECK(train.size() == 6);
    CHECK(validation.size() == 3);
    CHECK(validation.samples(0) == data.samples(6));

    const auto [rest, some] = split_of(data, {.validation = 4});
    CHECK(rest.size() == 6);
    CHECK(some.samples(3) == data.samples(9));

    const auto [everything, nothing] = split_of(data, {});
    CHECK(everything.size() == 10);
    CHECK(nothing.size() == 0);
}

TEST_CASE("what lies off the end is refused with both numbers", "[dataset]") {
    const auto data = bytes(5);
    const auto says = [](const auto& act) { return message_of<argument_error>(act); };
    CHECK(says([&] { data.samples(5); }) == "sample 5 asked for, the data set has 5");
    CHECK(says([&] { data.targets(-1); }) == "sample -1 asked for, the data set has 5");
    CHECK(says([&] { data.slice(0, 2).samples(2); }) == "sample 2 asked for, the data set has 2");
    CHECK(says([&] { data.slice(6, 0); }) == "slice begins at sample 6, the data set has 5");
    CHECK(says([&] { data.slice(-1, 2); }) == "slice begins at sample -1, the data set has 5");
    CHECK(says([&] { data.slice(3, 3); })
          == "slice asks for 3 samples from sample 3 on, the data set has 2 from there");
    CHECK(says([&] { data.slice(3, std::numeric_limits<strata::index>::max()); }).find("has 2 from there")
          != std::string::npos);
    CHECK(says([&] { data.slice(3, -1); }).find("asks for -1 samples") != std::string::npos);
    CHECK(says([&] { split_of(data, {.train = 4, .validation = 2}); })
          == "split asks for 4 training and 2 validation samples, the data set has 5");
    CHECK(says([&] { split_of(data, {.validation = 6}); })
          == "split asks for 6 validation samples, the data set has 5");
    CHECK(says([&] { split_of(data, {.train = -2}); }).find("-2 training") != std::string::npos);
}

TEST_CASE("counts that differ are refused with both numbers", "[dataset]") {
    CHECK(message_of<argument_error>([] { dataset(floats<float>(4), zeros(5)); })
          == "a data set of 4 samples has targets for 5");
    CHECK(message_of<argument_error>([] {
              dataset(tensor<float, 4>::from_shape({4, 3, 0, 1}), zeros(4));
          })
          == "a data set has samples of 3x0x1 and 1 targets each, at least 1 is needed everywhere");
}

TEMPLATE_TEST_CASE("a value that is not finite is refused with the index of its sample", "[dataset]", float,
                   double) {
    using limits = std::numeric_limits<TestType>;
    for (const TestType bad : {limits::quiet_NaN(), limits::infinity(), -limits::infinity()}) {
        auto x = floats<TestType>(4);
        x(2, 0, 0, 1) = bad;
        const auto text = message_of<argument_error>([&] { dataset(x, zeros(4)); });
        CHECK(text.find("sample 2 of 4 has the value ") == 0);
        CHECK(text.find(" in element 1") != std::string::npos);

        auto y = tensor<TestType, 2>::from_shape({4, 3});
        y.fill(0);
        y(3, 2) = bad;
        CHECK(message_of<argument_error>([&] { dataset(floats<TestType>(4), y); }).find("sample 3 of 4 has")
              == 0);
    }
}

TEST_CASE("labels that no batch could hold are refused", "[dataset]") {
    auto y = tensor<std::int64_t, 1>::from_shape({4});
    y.fill(1);
    y(1) = -1;
    CHECK(message_of<argument_error>([&] { dataset(floats<float>(4), y); })
          == "sample 1 of 4 has the label -1, labels are 0 .. 2147483647");
    y(1) = std::int64_t{1} << 31;
    CHECK(message_of<argument_error>([&] { dataset(floats<float>(4), y); }).find("label 2147483648")
          != std::string::npos);
    y(1) = (std::int64_t{1} << 31) - 1;
    CHECK(dataset(floats<float>(4), y).size() == 4);
}

TEST_CASE("flat samples become samples of one pixel") {
    const tensor<float, 2> x{{1, 2, 3}, {4, 5, 6}};
    const data::dataset set(data::flat(x), tensor<float, 2>{{1}, {2}});
    CHECK(set.size() == 2);
    CHECK(set.sample_shape() == shape{1, 1, 3});
    CHECK(set.samples(1)[0] == 4);
}
