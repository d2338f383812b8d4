#include <strata/optim/check.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "support/catch.hpp"

using namespace strata;

namespace {

template <class F> std::string message(const F& f) {
    try {
        f();
    } catch (const argument_error& e) { return e.what(); }
    return "";
}

constexpr double infinity = std::numeric_limits<double>::infinity();

} // namespace

TEST_CASE("an option lies in 0 .. most, both ends with it") {
    const auto check = [](double value, double most) {
        return message([&] { detail::check_option("mine", "rate", value, most); });
    };
    for (const double good : {0.0, -0.0, 1e-300, 0.5, std::nextafter(2.0, 0.0), 2.0})
        CHECK(check(good, 2) == "");
    CHECK(check(2.5, 2) == "mine: rate must be in 0 .. 2, got 2.5");
    CHECK(check(-0.25, 2) == "mine: rate must be in 0 .. 2, got -0.25");
    for (const double bad : {std::nextafter(2.0, 3.0), -1e-300, infinity, -infinity, std::nan("")})
        CHECK(check(bad, 2).starts_with("mine: rate must be in 0 .. 2, got "));
}

TEST_CASE("an option without an upper end is finite") {
    const auto check = [](double value) {
        return message([&] { detail::check_option("mine", "epsilon", value); });
    };
    for (const double good : {0.0, 3.0, std::numeric_limits<double>::max()}) CHECK(check(good) == "");
    for (const double bad : {-3.0, infinity, std::nan("")})
        CHECK(check(bad).starts_with("mine: epsilon must be in 0 .. "));
}

TEST_CASE("a share is at least 0 and below 1") {
    const auto check = [](double value) {
        return message([&] { detail::check_share("mine", "beta", value); });
    };
    for (const double good : {0.0, -0.0, 0.999, std::nextafter(1.0, 0.0)}) CHECK(check(good) == "");
    CHECK(check(1) == "mine: beta must be at least 0 and below 1, got 1");
    CHECK(check(-0.5) == "mine: beta must be at least 0 and below 1, got -0.5");
    for (const double bad : {1.5, -1e-300, infinity, -infinity, std::nan("")})
        CHECK(check(bad).starts_with("mine: beta must be at least 0 and below 1, got "));
}
