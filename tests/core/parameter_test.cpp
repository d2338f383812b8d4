#include <strata/core/parameter.hpp>

#include <string_view>
#include <variant>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

namespace {

struct options {
    initialiser first = normal{.deviation = 2};
};
struct bound {
    parameter<float, 2> weight;
    parameter<float, 1> mean;
};

} // namespace

TEST_CASE("only state is not trained") {
    static_assert(is_trainable(kind::weight) && is_trainable(kind::bias));
    static_assert(is_trainable(kind::scale) && is_trainable(kind::offset));
    static_assert(!is_trainable(kind::state));
    SUCCEED();
}

TEST_CASE("a parameter is two empty views until it is bound to its place in the flat buffers") {
    parameter<double, 2> p;
    CHECK(p.value.size() == 0);
    CHECK(p.gradient.size() == 0);

    std::vector<double> values{0, 1, 2, 3, 4, 5, 6}, gradients(7, 9);
    p.bind(values.data() + 1, gradients.data() + 1, extents(2, 3));
    CHECK(p.value.shape(0) == 2);
    CHECK(p.value.shape(1) == 3);
    CHECK(p.value(1, 0) == 4);
    p.value(0, 1) = -2;
    p.gradient(1, 2) = -6;
    CHECK(values == std::vector<double>{0, 1, -2, 3, 4, 5, 6});
    CHECK(gradients == std::vector<double>{9, 9, 9, 9, 9, 9, -6});
}

TEST_CASE("binding anew moves the views and writes nothing, neither at the old place nor at the new") {
    std::vector<float> old_values{1, 2}, new_values{3, 4, 5}, old_gradients{6, 7}, new_gradients{8, 9, 10};
    parameter<float, 1> p;
    p.bind(old_values.data(), old_gradients.data(), extents(2));
    p.bind(new_values.data(), new_gradients.data(), extents(3));
    CHECK(p.value.data() == new_values.data());
    CHECK(p.gradient.data() == new_gradients.data());
    CHECK(p.value.size() == 3);
    CHECK(old_values == std::vector<float>{1, 2});
    CHECK(new_values == std::vector<float>{3, 4, 5});
    CHECK(old_gradients == std::vector<float>{6, 7});
    CHECK(new_gradients == std::vector<float>{8, 9, 10});
}

TEST_CASE("state has a value and no gradient") {
    std::vector<float> values{1, 2};
    parameter<float, 1> p;
    p.bind(values.data(), nullptr, extents(2));
    CHECK(p.value(1) == 2);
    CHECK(p.gradient.size() == 0);
}

TEST_CASE("a line of a table says all about a parameter") {
    constexpr auto drawn =
        trainable("weight", &bound::weight, extents(4, 5), kind::weight, &options::first, {4, 5});
    static_assert(drawn.name == "weight" && drawn.sizes == extents(4, 5) && drawn.kind == kind::weight);
    static_assert(drawn.fan.in == 4 && drawn.fan.out == 5);
    CHECK(drawn.member == &bound::weight);
    CHECK(std::get<normal>(options{}.*drawn.init).deviation == 2);

    constexpr auto fixed = starts_at(0.5f, "mean", &bound::mean, extents(3), kind::state);
    static_assert(fixed.name == "mean" && fixed.sizes == extents(3) && fixed.kind == kind::state);
    static_assert(fixed.init == nullptr && fixed.first_value == 0.5f);
    CHECK(fixed.member == &bound::mean);
}
