#include <strata/core/error.hpp>

#include <string>
#include <string_view>
#include <type_traits>

#include "support/catch.hpp"

using namespace strata;

namespace {

struct named {
    friend std::ostream& operator<<(std::ostream& out, const named&) { return out << "a name"; }
};

} // namespace

TEST_CASE("every error is a strata::error, and none is another") {
    static_assert(std::is_base_of_v<std::runtime_error, error>);
    static_assert(std::is_base_of_v<error, argument_error>);
    static_assert(std::is_base_of_v<error, file_error>);
    static_assert(std::is_base_of_v<error, divergence_error>);
    static_assert(!std::is_convertible_v<file_error*, argument_error*>);
    static_assert(!std::is_convertible_v<divergence_error*, argument_error*>);
    SUCCEED();
}

TEST_CASE("text is what a stream would write") {
    CHECK(detail::text("batch of ", 3, ": ", 0.5, ' ', std::string_view("x"), ' ', named{})
          == "batch of 3: 0.5 x a name");
    CHECK(detail::text(1e-7, ' ', 123456789, ' ', true) == "1e-07 123456789 1");
}

TEST_CASE("fail throws the type it is told, with the parts as its text") {
    const auto message = []<class Error>(const Error&, const auto& f) -> std::string {
        try {
            f();
        } catch (const Error& e) { return e.what(); }
        return {};
    };
    CHECK(message(argument_error(""), [] { detail::fail<argument_error>("got ", 7, ", not ", 8); })
          == "got 7, not 8");
    CHECK(message(file_error(""), [] { detail::fail<file_error>("a/b: ", "damaged"); }) == "a/b: damaged");
    CHECK(message(error(""), [] { detail::fail<divergence_error>("step ", 3); }) == "step 3");
}
