#include <strata/core/simd_math.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"

namespace strata {
namespace {

template <class T> using vector = detail::vector_of<T>;

template <class T> T first(const vector<T>& v) {
    std::array<T, static_cast<std::size_t>(detail::lanes<T>)> lane;
    detail::store(lane.data(), v);
    return lane[0];
}

/// The largest error of f against `exact` in units in the last place, over low .. high.
template <class T, class F, class Exact>
double worst_error(const F& f, const Exact& exact, double low, double high) {
    double worst = 0;
    constexpr int count = 100'000;
    for (int i = 0; i < count; ++i) {
        const T x = static_cast<T>(low + (high - low) * i / count);
        const long double right = exact(static_cast<long double>(x));
        const T rounded = std::abs(static_cast<T>(right));
        const T unit = std::nextafter(rounded, std::numeric_limits<T>::infinity()) - rounded;
        const auto error = std::abs(static_cast<long double>(first<T>(f(vector<T>(x)))) - right);
        worst = std::max(worst, static_cast<double>(error / static_cast<long double>(unit)));
    }
    return worst;
}

} // namespace

TEMPLATE_TEST_CASE("vector functions are accurate to 2 or 3 units in the last place", "", float, double) {
    using T = TestType;
    using real = long double;
    const double wide = sizeof(T) == 4 ? 85 : 700;
    CHECK(
        worst_error<T>([](auto x) { return xsimd::exp(x); }, [](real x) { return std::exp(x); }, -wide, wide)
        <= 2);
    CHECK(
        worst_error<T>([](auto x) { return xsimd::expm1(x); }, [](real x) { return std::expm1(x); }, -20, 20)
        <= 2.5);
    CHECK(worst_error<T>([](auto x) { return xsimd::tanh(x); }, [](real x) { return std::tanh(x); }, -10, 10)
          <= 2);
    CHECK(worst_error<T>([](auto x) { return xsimd::log1p(x); }, [](real x) { return std::log1p(x); }, 0, 1)
          <= 2);
    CHECK(worst_error<T>([](auto x) { return xsimd::erf(x); }, [](real x) { return std::erf(x); }, -6, 6)
          <= (sizeof(T) == 4 ? 3 : 100));
    CHECK(worst_error<T>([](auto x) { return detail::logistic(x); },
                         [](real x) { return 1 / (1 + std::exp(-x)); }, -wide, wide)
          <= 3);
}

TEMPLATE_TEST_CASE("vector functions at the ends of the numbers", "", float, double) {
    using T = TestType;
    const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    CHECK(first<T>(detail::exponential(vector<T>(-infinity))) == 0);
    CHECK(first<T>(detail::exponential(vector<T>(T(-1e4)))) == 0);
    CHECK(first<T>(detail::exponential(vector<T>(T(0)))) == 1);
    CHECK(first<T>(detail::exponential(vector<T>(T(1e4)))) == infinity);
    CHECK(std::isnan(first<T>(detail::exponential(vector<T>(nan)))));
    CHECK(first<T>(detail::logistic(vector<T>(T(-1e4)))) == 0);
    CHECK(first<T>(detail::logistic(vector<T>(T(1e4)))) == 1);
    CHECK(std::isnan(first<T>(detail::logistic(vector<T>(nan)))));
    CHECK(first<T>(detail::hyperbolic_tangent(vector<T>(T(1e4)))) == 1);
    CHECK(std::isnan(first<T>(detail::hyperbolic_tangent(vector<T>(nan)))));
    CHECK(first<T>(detail::error_function(vector<T>(T(1e4)))) == 1);
    CHECK(first<T>(detail::error_function(vector<T>(-infinity))) == -1);
    CHECK(std::isnan(first<T>(detail::error_function(vector<T>(nan)))));
    CHECK(std::isnan(first<T>(detail::larger(vector<T>(T(0)), vector<T>(nan)))));
}

TEMPLATE_TEST_CASE("the first lanes are those below n", "", float, double) {
    using T = TestType;
    for (index n = 0; n <= detail::lanes<T>; ++n) {
        std::array<T, static_cast<std::size_t>(detail::lanes<T>)> lane;
        detail::store(lane.data(),
                      xsimd::select(detail::first_lanes<T>(n), vector<T>(T(1)), vector<T>(T(0))));
        for (index i = 0; i < detail::lanes<T>; ++i)
            CHECK(lane[static_cast<std::size_t>(i)] == (i < n ? T(1) : T(0)));
    }
}

TEMPLATE_TEST_CASE("an activation that knows no vectors is applied lane by lane", "", float, double) {
    using T = TestType;
    struct scalar {
        T operator()(T x) const { return 2 * x; }
        T slope(T y) const { return y + 1; }
    };
    struct whole {
        struct both {
            vector<T> values(const vector<T>& x) const { return x + x; }
            vector<T> slopes(const vector<T>& y) const { return y + T(1); }
        } spec;
    };
    const vector<T> three(T(3)), five(T(5));
    CHECK(first<T>(detail::value_of(scalar{}, three)) == 6);
    CHECK(first<T>(detail::value_of(whole{}, three)) == 6);
    CHECK(first<T>(detail::value_of(no_activation{}, three)) == 3);
    CHECK(first<T>(detail::times_slope(five, scalar{}, three)) == 20);
    CHECK(first<T>(detail::times_slope(five, whole{}, three)) == 20);
    CHECK(first<T>(detail::times_slope(five, no_activation{}, three)) == 5);
}

} // namespace strata
