#include <strata/layers/elu.hpp>
#include <strata/layers/leaky_relu.hpp>
#include <strata/layers/pointwise.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/sigmoid.hpp>
#include <strata/layers/tanh.hpp>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

using namespace strata;

namespace {

/// What the header asks of an activation of one's own, and no more; `bent` has functions of vectors too.
struct scalar_bent {
    float steepness = 1;

    static constexpr shape output(shape in) { return in; }
    template <class T> T value(T x) const { return x > 0 ? static_cast<T>(steepness) * x : x / 4; }
    template <class T> T slope(T y) const { return y > 0 ? static_cast<T>(steepness) : T(0.25); }
    template <shape In, class T> struct layer : pointwise<scalar_bent, In, T> {};
};
struct bent : scalar_bent {
    template <class V> V values(const V& x) const {
        return xsimd::select(x > V(0), V(static_cast<typename V::value_type>(steepness)) * x,
                             x / V(static_cast<typename V::value_type>(4)));
    }
    template <class V> V slopes(const V& y) const {
        using T = typename V::value_type;
        return xsimd::select(y > V(T(0)), V(static_cast<T>(steepness)), V(T(0.25)));
    }
    template <shape In, class T> struct layer : pointwise<bent, In, T> {};
};

constexpr double guard = 12345;

template <class T> std::vector<T> random_numbers(strata::index count, std::uint64_t seed) {
    const auto drawn = testing::random_values(count, seed, -3, 3);
    return {drawn.begin(), drawn.end()};
}

/// Forward and backward of samples of `Size` numbers, against value and slope of every number. (Arrays in
/// brackets are not printed: they are long.)
template <class Activation, strata::index Size, class T> void check_size(const Activation& spec) {
    using layer = typename Activation::template layer<shape{1, 1, Size}, T>;
    const layer bound{spec};
    for (const strata::index batch : {1, 2, 3}) {
        const strata::index count = batch * Size;
        CAPTURE(count);
        const auto x = random_numbers<T>(count, 1), dy = random_numbers<T>(count, 2);
        std::vector<T> y(x), dx(x), expected_y(x), expected_dx(x);
        for (auto* v : {&y, &dx, &expected_y, &expected_dx}) v->resize(x.size() + 20, T(guard));
        for (std::size_t i = 0; i < x.size(); ++i) {
            expected_y[i] = spec.value(x[i]);
            expected_dx[i] = dy[i] * spec.slope(expected_y[i]);
            y[i] = dx[i] = std::numeric_limits<T>::quiet_NaN();
        }
        const pass p{{.batch = batch}};
        bound.forward(x.data(), y.data(), p);
        CHECK((y == expected_y));
        bound.backward(nullptr, y.data(), dy.data(), dx.data(), p); // needs no input
        CHECK((dx == expected_dx));
        CHECK((y == expected_y));

        auto place = x; // in place
        place.resize(y.size(), T(guard));
        bound.forward(place.data(), place.data(), p);
        CHECK((place == expected_y));
        auto gradient = dy;
        gradient.resize(y.size(), T(guard));
        bound.backward(nullptr, place.data(), gradient.data(), gradient.data(), p);
        CHECK((gradient == expected_dx));
    }
}

template <class Activation, class T> void check_sizes(const Activation& spec) {
    check_size<Activation, 1, T>(spec);
    check_size<Activation, 3, T>(spec);
    check_size<Activation, 8, T>(spec);
    check_size<Activation, 17, T>(spec);
    check_size<Activation, 64, T>(spec);
    check_size<Activation, sweep_grain + 5, T>(spec); // a chunk that ends within a vector
}

} // namespace

TEMPLATE_TEST_CASE("pointwise: y = value(x), dx = dy slope(y), element by element, and nothing behind them",
                   "", float, double) {
    check_sizes<scalar_bent, TestType>({.steepness = 2});
    check_sizes<bent, TestType>({{.steepness = 2}});
}

TEST_CASE("pointwise: the options are those of the network's layer") {
    network steep{input_of<double, 5>{}, scalar_bent{.steepness = 3}};
    testing::check_gradients(steep);
    const auto y = steep.predict(tensor<double, 2>{{1, 2, -4, 0, -8}});
    CHECK(std::vector<double>(y.data(), y.data() + 5) == std::vector<double>{3, 6, -1, 0, -2});
}

TEST_CASE("pointwise: the table of parameters is empty, and the input is not kept") {
    using layer = relu::layer<shape{1, 1, 4}, float>;
    static_assert(activation_layer<layer> && detail::in_place<layer>() && !detail::reads_input<layer>());
    static_assert(detail::reads_output<layer>() && !has_parameters<layer>);
    SUCCEED();
}

TEST_CASE("pointwise: what a neighbour applies is the activation, whatever the shape of the layer") {
    using small = scalar_bent::layer<shape{1, 1, 4}, float>;
    using large = scalar_bent::layer<shape{7, 5, 3}, double>;
    static_assert(std::is_same_v<detail::function_type<small>, activation_function<scalar_bent>>);
    static_assert(std::is_same_v<detail::function_type<large>, detail::function_type<small>>);
    const auto f = small{{{.steepness = 5}}}.function();
    CHECK(f(2.0) == 10);
    CHECK(f(-2.f) == -0.5f);
    CHECK(f.slope(3.0) == 5);
    CHECK(f.slope(-3.f) == 0.25f);
    static_assert(activation_function<relu>::slope_by_sign && activation_function<leaky_relu>::slope_by_sign);
    static_assert(!activation_function<scalar_bent>::slope_by_sign
                  && !activation_function<strata::tanh>::slope_by_sign);
}

TEMPLATE_TEST_CASE("pointwise: a number alone has the bits that it has in a vector", "", float, double) {
    using T = TestType;
    constexpr auto n = static_cast<std::size_t>(detail::lanes<T>);
    const auto check = [&](const auto& spec) {
        const auto x = random_numbers<T>(static_cast<strata::index>(50 * n), 3);
        int differ = 0;
        for (std::size_t i = 0; i < x.size(); i += n) {
            std::vector<T> y(n);
            detail::store(y.data(), spec.values(detail::load(x.data() + i)));
            for (std::size_t l = 0; l < n; ++l) differ += detail::value_by_vector(spec, x[i + l]) != y[l];
        }
        CHECK(differ == 0);
    };
    check(relu{});
    check(sigmoid{});
    check(strata::tanh{});
    check(elu{});
    CHECK(std::isnan(detail::value_by_vector(sigmoid{}, std::numeric_limits<T>::quiet_NaN())));
}
