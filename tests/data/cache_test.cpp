#include <strata/data/cache.hpp>

#include <cstdlib>
#include <optional>
#include <string>

#include "support/catch.hpp"

using namespace strata;

namespace {

/// Sets or clears an environment variable while it lives.
class environment {
public:
    environment(const char* name, const char* value) : m_name(name) {
        if (const char* old = std::getenv(name)) m_old = old;
        set(value);
    }
    ~environment() { set(m_old ? m_old->c_str() : nullptr); }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;

private:
    void set(const char* value) const { value ? ::setenv(m_name, value, 1) : ::unsetenv(m_name); }

    const char* m_name;
    std::optional<std::string> m_old;
};

} // namespace

TEST_CASE("the cache folder is told by the environment", "[cache]") {
    const environment home("HOME", "/home/somebody");
    {
        const environment own("STRATA_DATA_DIR", "/own"), cache("XDG_CACHE_HOME", "/cache");
        CHECK(data::cache_directory() == "/own");
    }
    {
        const environment own("STRATA_DATA_DIR", ""), cache("XDG_CACHE_HOME", "/cache");
        CHECK(data::cache_directory() == "/cache/strata");
    }
    const environment own("STRATA_DATA_DIR", nullptr), cache("XDG_CACHE_HOME", nullptr);
    CHECK(data::cache_directory() == "/home/somebody/.cache/strata");
    const environment homeless("HOME", nullptr);
    CHECK_THROWS_AS(data::cache_directory(), file_error);
}
