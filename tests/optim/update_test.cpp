#include <strata/optim/adadelta.hpp>
#include <strata/optim/adagrad.hpp>
#include <strata/optim/adam.hpp>
#include <strata/optim/clip.hpp>
#include <strata/optim/rmsprop.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/optim/update.hpp>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

namespace {

static_assert(
    optimizer<
        sgd> && optimizer<adam> && optimizer<adamw> && optimizer<rmsprop> && optimizer<adagrad> && optimizer<adadelta>);

/// A user's own optimizer: sign descent, a few lines.
struct sign_descent {
    schedule learning_rate = 0.1;
    static constexpr int slots = 0;
    template <class T> struct sign {
        static constexpr int slots = 0;
        T rate;
        template <class V> void operator()(V& w, const V& g) const { w -= rate * xsimd::sign(V(g)); }
    };
    template <class T> sign<T> rule(strata::index step) const {
        return {static_cast<T>(learning_rate(step))};
    }
};
static_assert(optimizer<sign_descent>);

/// A network's worth of arrays, filled from a formula.
template <class T> struct arrays {
    std::vector<T> w, g, average;
    std::array<std::vector<T>, 2> memory;

    explicit arrays(std::size_t size) : w(size), g(size), average(size), memory{w, w} {
        for (std::size_t i = 0; i < size; ++i) {
            w[i] = static_cast<T>(static_cast<double>(i % 97) / 50 - 1);
            g[i] = static_cast<T>(static_cast<double>(i % 89) / 40 - 1);
        }
        average = w;
    }
    template <class O>
    void run(const O& o, std::span<const parameter_span> spans, const update_terms& terms) {
        T* const slots[] = {memory[0].data(), memory[1].data()};
        update(o, update_buffers<T>{w.data(), g.data(), slots, spans, average.data()}, terms);
    }
    friend bool operator==(const arrays&, const arrays&) = default;
};

template <class F> void with_every_optimizer(const F& f) {
    f(sgd{.learning_rate = 0.1});
    f(sgd{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true});
    f(adam{});
    f(adamw{});
    f(rmsprop{});
    f(rmsprop{.momentum = 0.9});
    f(adagrad{});
    f(adadelta{});
}

} // namespace

TEST_CASE("L2 and weight decay touch weights only") {
    const parameter_span spans[] = {
        {0, 1, kind::weight}, {1, 1, kind::bias}, {2, 1, kind::scale}, {3, 1, kind::offset}};
    const auto after = [&](const regulariser& r, const auto& o) {
        std::array<double, 4> w{2, 2, 2, 2};
        const std::array<double, 4> g{};
        std::array<std::array<double, 4>, 2> memory{};
        double* const slots[] = {memory[0].data(), memory[1].data()};
        update(o, update_buffers<double>{w.data(), g.data(), slots, spans}, {.regularise = r});
        return w;
    };
    CHECK(after({.l2 = 0.5}, sgd{.learning_rate = 0.25}) == std::array{2 - 0.25 * 0.5 * 2, 2.0, 2.0, 2.0});
    CHECK(after({.weight_decay = 0.5}, sgd{.learning_rate = 0.25}) == std::array{1.75, 2.0, 2.0, 2.0});
    CHECK(after({}, adamw{.learning_rate = 0.25, .weight_decay = 0.5}) == std::array{1.75, 2.0, 2.0, 2.0});
    // and adamw's own decay adds to the network's
    CHECK(after({.weight_decay = 0.25}, adamw{.learning_rate = 0.25, .weight_decay = 0.25})
          == std::array{1.75, 2.0, 2.0, 2.0});
}

TEST_CASE("the gradient's scale does not touch L2") {
    double w = 2;
    const double g = 8;
    const parameter_span span{0, 1, kind::weight};
    update(sgd{.learning_rate = 1}, update_buffers<double>{&w, &g, std::span<double* const>{}, {&span, 1}},
           {.gradient_scale = 0.25, .regularise = {.l2 = 0.5}});
    CHECK(w == 2 - (8 * 0.25 + 0.5 * 2));
}

TEST_CASE("offsets may learn at a rate of their own") {
    const parameter_span spans[] = {
        {0, 1, kind::weight}, {1, 1, kind::bias}, {2, 1, kind::scale}, {3, 1, kind::offset}};
    std::array<double, 4> w{2, 2, 2, 2};
    const std::array<double, 4> g{1, 1, 1, 1};
    update(sgd{.learning_rate = 0.25},
           update_buffers<double>{w.data(), g.data(), std::span<double* const>{}, spans},
           {.gradient_scale = 0.5, .offset_rate = 8});
    CHECK(w == std::array{1.875, 1.875, 1.875, 1.0});
}

TEMPLATE_TEST_CASE("an update gives the same bits from any number of threads", "", float, double) {
    constexpr std::size_t size = 150'001; // a megabyte and more: a team is worth waking
    const parameter_span spans[] = {
        {0, 20'000, kind::weight}, {20'000, 33, kind::bias}, {20'048, 129'953, kind::weight}};
    with_every_optimizer([&](const auto& o) {
        const int before = threads();
        arrays<TestType> one(size), three(size);
        for (strata::index t = 0; t < 3; ++t) {
            const update_terms terms{
                .step = t, .gradient_scale = 0.5, .regularise = {1e-3, 1e-2}, .average_rate = 0.1};
            threads(1);
            one.run(o, spans, terms);
            threads(3);
            three.run(o, spans, terms);
        }
        threads(before);
        CHECK(one == three);
        CHECK(one.w != arrays<TestType>(size).w);
    });
}

TEMPLATE_TEST_CASE("an element's update does not depend on where it lies, and gaps stay untouched", "", float,
                   double) {
    constexpr strata::index size = 70;
    const parameter_span whole[] = {{0, size, kind::weight}};
    // every piece begins and ends somewhere within a vector; 3, 32 and 33 belong to nobody
    const parameter_span pieces[] = {{0, 3, kind::weight},   {4, 1, kind::weight},   {5, 27, kind::weight},
                                     {34, 17, kind::weight}, {51, 18, kind::weight}, {69, 1, kind::weight}};
    with_every_optimizer([&](const auto& o) {
        const arrays<TestType> fresh(size);
        auto a = fresh, b = fresh;
        const update_terms terms{.regularise = {1e-3, 1e-2}, .average_rate = 0.1};
        a.run(o, whole, terms);
        b.run(o, pieces, terms);
        bool equal = true;
        for (const std::size_t gap : std::initializer_list<std::size_t>{3, 32, 33}) {
            equal &= b.w[gap] == fresh.w[gap] && b.average[gap] == fresh.average[gap];
            equal &= b.memory[0][gap] == fresh.memory[0][gap] && b.memory[1][gap] == fresh.memory[1][gap];
            b.w[gap] = a.w[gap];
            b.average[gap] = a.average[gap];
            for (std::size_t s : std::initializer_list<std::size_t>{0, 1})
                b.memory[s][gap] = a.memory[s][gap];
        }
        CHECK(equal);
        CHECK(a == b);
    });
}

TEST_CASE("float takes the steps of double, to a float's precision") {
    constexpr std::size_t size = 100;
    const parameter_span span[] = {{0, size, kind::weight}};
    with_every_optimizer([&](const auto& o) {
        arrays<float> narrow(size);
        arrays<double> wide(size);
        for (strata::index t = 0; t < 5; ++t) {
            narrow.run(o, span, {.step = t, .average_rate = 0.1});
            wide.run(o, span, {.step = t, .average_rate = 0.1});
        }
        double worst = 0;
        for (std::size_t i = 0; i < size; ++i)
            worst = std::max(worst, std::abs(static_cast<double>(narrow.w[i]) - wide.w[i]));
        CHECK(worst < 2e-6);
    });
}

TEST_CASE("first_value is what the optimizer says, or 0") {
    CHECK(first_value(adam{}, 0) == 0);
    CHECK(first_value(adagrad{.initial_accumulator = 0.1}, 0) == 0.1);
    CHECK(first_value(rmsprop{.initial_square = 1}, 0) == 1);
    CHECK(first_value(rmsprop{.initial_square = 1}, 1) == 0);
}

TEST_CASE("an optimizer of one's own is a few lines") {
    std::vector<float> w{1, 1, 1};
    const std::vector<float> g{5, -0.1f, 0};
    const parameter_span span{0, 3, kind::weight};
    update(sign_descent{.learning_rate = 0.5},
           update_buffers<float>{w.data(), g.data(), std::span<float* const>{}, {&span, 1}}, {});
    CHECK(w == std::vector<float>{0.5f, 1.5f, 1});
}

TEST_CASE("an optimizer refuses options out of their range, naming them") {
    const auto message = [](const auto& o) -> std::string {
        try {
            o.check();
        } catch (const argument_error& e) { return e.what(); }
        return "";
    };
    CHECK(message(sgd{.momentum = 3}) == "sgd: momentum must be in 0 .. 1, got 3");
    CHECK(message(adam{.beta1 = 1.5}) == "adam: beta1 must be at least 0 and below 1, got 1.5");
    CHECK(message(adam{.beta2 = 1}) == "adam: beta2 must be at least 0 and below 1, got 1");
    CHECK(message(adamw{.weight_decay = -1}).starts_with("adamw: weight_decay must be in 0 .. "));
    CHECK(message(adamw{.beta2 = -0.1}) == "adamw: beta2 must be at least 0 and below 1, got -0.1");
    CHECK(message(rmsprop{.decay = 2}) == "rmsprop: decay must be in 0 .. 1, got 2");
    CHECK(message(rmsprop{.momentum = std::nan("")}).starts_with("rmsprop: momentum must be in 0 .. 1"));
    CHECK(message(adagrad{.initial_accumulator = -1}).starts_with("adagrad: initial_accumulator must be"));
    CHECK(message(adadelta{.epsilon = -1e-6}).starts_with("adadelta: epsilon must be in 0 .. "));
    with_every_optimizer([&](const auto& o) { CHECK(message(o) == ""); });
}
