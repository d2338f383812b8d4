#include <strata/optim/clip.hpp>

#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

TEST_CASE("global_norm is the norm of everything inside the spans, and of nothing outside") {
    const double poison = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> g{poison, 3, poison, poison, 4, 12, poison};
    const parameter_span spans[] = {{1, 1, kind::weight}, {4, 2, kind::bias}};
    CHECK(global_norm(g.data(), std::span<const parameter_span>(spans)) == 13);
    CHECK(global_norm(g.data(), std::span<const parameter_span>()) == 0);
}

TEMPLATE_TEST_CASE("global_norm of many gradients is right and has the same bits from any number of threads",
                   "", float, double) {
    using T = TestType;
    for (const std::size_t size :
         std::initializer_list<std::size_t>{1, 15, 16, 17, 33, 8191, 8193, 100'003, 1'500'000}) {
        std::vector<T> g(size);
        double squares = 0;
        for (std::size_t i = 0; i < size; ++i) {
            g[i] = static_cast<T>(static_cast<double>(i % 101) - 50) / 64;
            squares += static_cast<double>(g[i]) * static_cast<double>(g[i]);
        }
        const auto n = static_cast<strata::index>(size);
        const parameter_span spans[] = {{0, n / 3, kind::weight}, {n / 3, n - n / 3, kind::bias}};
        const int before = threads();
        threads(1);
        const double one = global_norm(g.data(), std::span<const parameter_span>(spans));
        threads(3);
        const double three = global_norm(g.data(), std::span<const parameter_span>(spans));
        threads(before);
        CHECK(one == Approx(std::sqrt(squares)).epsilon(1e-13));
        CHECK(one == three);
    }
}

TEST_CASE("float gradients whose squares are no floats still have a norm") {
    const float g[] = {3e30f, 4e30f};
    const parameter_span span{0, 2, kind::weight};
    CHECK(global_norm(g, std::span<const parameter_span>(&span, 1)) == Approx(5e30));
}

TEST_CASE("a gradient that is not finite shows in the norm") {
    const parameter_span span{0, 20, kind::weight};
    for (const std::size_t place : std::initializer_list<std::size_t>{0, 15, 16, 19}) {
        std::vector<double> g(20, 1);
        g[place] = std::numeric_limits<double>::quiet_NaN();
        CHECK(std::isnan(global_norm(g.data(), std::span<const parameter_span>(&span, 1))));
        g[place] = std::numeric_limits<double>::infinity();
        CHECK(std::isinf(global_norm(g.data(), std::span<const parameter_span>(&span, 1))));
    }
}

TEST_CASE("clip_scale shortens long gradients only") {
    CHECK(clip_scale(10, 4) == 0.4);
    CHECK(clip_scale(4, 4) == 1);
    CHECK(clip_scale(0, 4) == 1);
}
