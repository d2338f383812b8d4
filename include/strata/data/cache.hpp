#pragma once

#include <strata/core/error.hpp>

#include <cstdlib>
#include <filesystem>

namespace strata::data {

/// The folder that keeps data sets, as scripts/fetch fills it: $STRATA_DATA_DIR, else $XDG_CACHE_HOME/strata,
/// else
/// ~/.cache/strata. A variable that is empty counts as not set. Throws file_error if none of the three can be
/// told.
inline std::filesystem::path cache_directory() {
    const auto value = [](const char* variable) {
        const char* text = std::getenv(variable);
        return std::filesystem::path(text ? text : "");
    };
    if (const auto own = value("STRATA_DATA_DIR"); !own.empty()) return own;
    if (const auto cache = value("XDG_CACHE_HOME"); !cache.empty()) return cache / "strata";
    if (const auto home = value("HOME"); !home.empty()) return home / ".cache" / "strata";
    detail::fail<file_error>("no cache folder: none of STRATA_DATA_DIR, XDG_CACHE_HOME and HOME is set");
}

} // namespace strata::data
