#include <strata/core/tensor.hpp>

#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

TEST_CASE("a view reads and writes elements that live elsewhere, row by row") {
    std::vector<double> data{1, 2, 3, 4, 5, 6, 99};
    auto v = view<double, 2>(data.data(), {2, 3});
    CHECK(v.size() == 6);
    CHECK(v.data() == data.data());
    CHECK(v(0, 2) == 3);
    CHECK(v(1, 0) == 4);
    v(1, 1) = 50;
    CHECK(data == std::vector<double>{1, 2, 3, 4, 50, 6, 99});
    data[0] = -1;
    CHECK(v(0, 0) == -1);
}

TEST_CASE("assigning to a view writes its elements, and leaves it where it is") {
    std::vector<float> data(5, 7);
    auto v = view<float, 2>(data.data(), {2, 2});
    v = tensor<float, 2>{{1, 2}, {3, 4}};
    CHECK(data == std::vector<float>{1, 2, 3, 4, 7});
    CHECK(v.data() == data.data());
    v.fill(0);
    CHECK(data == std::vector<float>{0, 0, 0, 0, 7});
}

TEST_CASE("a view of const elements reads only; a view of nothing is empty") {
    const std::vector<float> data{1, 2, 3};
    const auto v = view<const float, 1>(data.data(), {3});
    CHECK(v(2) == 3);
    static_assert(!std::is_assignable_v<decltype(v(0)), float>);
    CHECK(view<float, 3>(nullptr, {}).size() == 0);
}

TEST_CASE("samples_of takes elements row-major, whatever the layout of its expression, and converts them") {
    const shape sample{.height = 1, .width = 2, .channels = 3};
    const tensor<double, 2> x{{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10, 11.5}};
    const xt::xtensor<double, 2, xt::layout_type::column_major> columns = x;
    const std::vector<float> expected{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11.5f};
    const auto check = [&](const auto& samples) {
        static_assert(std::is_same_v<decltype(samples), const tensor<float, 4>&>);
        CHECK(samples.shape() == std::array<std::size_t, 4>{2, 1, 2, 3});
        CHECK(std::vector<float>(samples.data(), samples.data() + samples.size()) == expected);
    };
    check(samples_of<float>(x, 2, sample));
    check(samples_of<float>(columns, 2, sample));
    check(samples_of<float>(x / 2 + x / 2, 2, sample)); // an expression that is no container

    const auto bytes = samples_of<unsigned char>(tensor<int, 2>{{3, 200}}, 1, {.channels = 2});
    CHECK(bytes(0, 0, 0, 1) == 200);
}
