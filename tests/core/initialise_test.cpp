#include <strata/core/initialise.hpp>

#include <vector>

#include "support/catch.hpp"

namespace strata {
namespace {

template <class T = double>
std::vector<T> drawn(const initialiser& how, const extents& sizes, fan f = {}, random_source source = {1}) {
    std::vector<T> values(static_cast<std::size_t>(sizes.size()), T(-99));
    initialise(values.data(), sizes, f, how, source);
    return values;
}

struct statistics {
    double mean = 0, deviation = 0, least = 0, most = 0;
};

statistics of(const std::vector<double>& values) {
    statistics s{.least = values[0], .most = values[0]};
    for (const double v : values) {
        s.mean += v;
        s.least = std::min(s.least, v);
        s.most = std::max(s.most, v);
    }
    s.mean /= static_cast<double>(values.size());
    for (const double v : values) s.deviation += (v - s.mean) * (v - s.mean);
    s.deviation = std::sqrt(s.deviation / static_cast<double>(values.size()));
    return s;
}

const extents large{300, 400};
constexpr double root_of_count = 346.4; // of the 120,000 elements above

// A convolution 5x5 from 20 channels to 40: what one output pixel sees, what one input pixel feeds.
constexpr fan convolution{5 * 5 * 20, 5 * 5 * 40};

} // namespace

TEST_CASE("constant fills") {
    for (const double v : drawn(constant{0.25f}, extents{7, 3})) CHECK(v == 0.25);
    for (const double v : drawn(constant{}, extents{5})) CHECK(v == 0);
}

TEST_CASE("normal has the mean and the deviation asked for") {
    const auto s = of(drawn(normal{.deviation = 0.5f, .mean = 3}, large));
    CHECK(std::abs(s.mean - 3) < 5 * 0.5 / root_of_count);
    CHECK(s.deviation == Approx(0.5).epsilon(0.01));
    CHECK(s.most > 3 + 3.5 * 0.5);
    CHECK(s.least < 3 - 3.5 * 0.5);
}

TEST_CASE("truncated_normal stays within two deviations and is normal inside") {
    const auto values = drawn(truncated_normal{.deviation = 0.1f, .mean = 1}, large);
    const auto s = of(values);
    const double deviation = static_cast<double>(0.1f);
    CHECK(std::abs(s.mean - 1) < 5 * 0.088 / root_of_count);
    // a normal distribution cut at two deviations has 0.87963 of its deviation
    CHECK(s.deviation == Approx(0.87963 * deviation).epsilon(0.01));
    CHECK(s.most <= 1 + 2 * deviation);
    CHECK(s.most > 1 + 1.99 * deviation);
    CHECK(s.least >= 1 - 2 * deviation);
    CHECK(s.least < 1 - 1.99 * deviation);
    // redrawn, not clamped: nothing piles up at the bounds
    const auto near_bound = static_cast<double>(std::count_if(
        values.begin(), values.end(), [&](double v) { return std::abs(v - 1) > 1.99 * deviation; }));
    CHECK(near_bound < 0.003 * double(values.size()));
    CHECK(near_bound > 0.0003 * double(values.size()));
}

TEST_CASE("uniform fills its interval") {
    const auto s = of(drawn(uniform{.low = -2, .high = 6}, large));
    CHECK(s.mean == Approx(2).margin(5 * 2.31 / root_of_count));
    CHECK(s.deviation == Approx(8 / std::sqrt(12.0)).epsilon(0.01));
    CHECK(s.least >= -2);
    CHECK(s.least < -1.99);
    CHECK(s.most < 6);
    CHECK(s.most > 5.99);
}

TEST_CASE("the initialisers that look at the fan have their papers' variance") {
    struct row {
        initialiser how;
        double variance;
        bool uniform;
    };
    const double in = convolution.in, out = convolution.out;
    const row rows[] = {
        {glorot_normal{}, 2 / (in + out), false},
        {glorot_uniform{}, 2 / (in + out), true},
        {he_normal{}, 2 / in, false},
        {he_uniform{}, 2 / in, true},
        {lecun_normal{}, 1 / in, false},
        {lecun_uniform{}, 1 / in, true},
        {automatic{}, 2 / (in + out), true},
    };
    for (const auto& r : rows) {
        CAPTURE(r.how.index());
        const auto s = of(drawn(r.how, large, convolution));
        const double deviation = std::sqrt(r.variance);
        CHECK(std::abs(s.mean) < 5 * deviation / root_of_count);
        CHECK(s.deviation == Approx(deviation).epsilon(0.01));
        if (r.uniform) {
            const double limit = std::sqrt(3.0) * deviation;
            CHECK(s.most <= limit);
            CHECK(s.most > 0.99 * limit);
            CHECK(s.least >= -limit);
            CHECK(s.least < -0.99 * limit);
        } else {
            CHECK(s.most > 3.5 * deviation);
            CHECK(s.least < -3.5 * deviation);
        }
    }
}

TEST_CASE("orthogonal has orthonormal rows or columns, whichever are fewer") {
    const extents cases[] = {extents{40, 12}, extents{12, 40}, extents{25, 25},      extents{1, 1},
                             extents{1, 9},   extents{9},      extents{3, 3, 4, 20}, extents{2, 2, 3, 30}};
    for (const auto& sizes : cases) {
        const index columns = sizes.sizes[sizes.rank - 1], rows = sizes.size() / columns;
        CAPTURE(rows, columns);
        const auto w = drawn(orthogonal{.gain = 2}, sizes);
        const auto at = [&](index r, index c) { return w[static_cast<std::size_t>(r * columns + c)]; };
        const bool tall = rows >= columns;
        const index few = std::min(rows, columns), many = std::max(rows, columns);
        double worst = 0;
        for (index a = 0; a < few; ++a)
            for (index b = 0; b < few; ++b) {
                double dot = 0;
                for (index i = 0; i < many; ++i) dot += tall ? at(i, a) * at(i, b) : at(a, i) * at(b, i);
                worst = std::max(worst, std::abs(dot - (a == b ? 4.0 : 0.0)));
            }
        CHECK(worst < 1e-12);
    }
}

TEST_CASE("orthogonal has no preferred direction") {
    // Signs of the first element over many seeds: QR without the sign rule would fix them.
    int positive = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed)
        positive += drawn(orthogonal{}, extents{4, 4}, {}, {seed})[0] > 0;
    CHECK(std::abs(positive - 200) < 50);
}

TEST_CASE("an element does not depend on its neighbours, the type or the number of threads") {
    const int before = threads();
    const initialiser all[] = {normal{},    truncated_normal{}, uniform{},
                               he_normal{}, lecun_uniform{},    orthogonal{}};
    for (const auto& how : all) {
        CAPTURE(how.index());
        threads(1);
        const auto alone = drawn(how, large, convolution);
        const auto narrow = drawn<float>(how, large, convolution);
        threads(3);
        CHECK(drawn(how, large, convolution) == alone);
        threads(before);
        bool equal = true;
        for (std::size_t i = 0; i < alone.size(); ++i) equal &= narrow[i] == static_cast<float>(alone[i]);
        CHECK(equal);
        CHECK(drawn(how, large, convolution, {1, 1}) != alone);
        CHECK(drawn(how, large, convolution, {2}) != alone);
        if (!std::holds_alternative<orthogonal>(how)) {
            const auto start = drawn(how, extents{100}, convolution);
            CHECK(std::equal(start.begin(), start.end(), alone.begin()));
        }
    }
}

} // namespace strata
