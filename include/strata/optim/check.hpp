#pragma once

#include <strata/core/error.hpp>

#include <limits>

namespace strata::detail {

/// Throws argument_error unless an option of an optimizer lies in 0 .. most.
inline void check_option(const char* optimizer, const char* what, double value,
                         double most = std::numeric_limits<double>::max()) {
    if (!(value >= 0 && value <= most))
        fail<argument_error>(optimizer, ": ", what, " must be in 0 .. ", most, ", got ", value);
}

/// The same for a share that must be smaller than 1.
inline void check_share(const char* optimizer, const char* what, double value) {
    if (!(value >= 0 && value < 1))
        fail<argument_error>(optimizer, ": ", what, " must be at least 0 and below 1, got ", value);
}

} // namespace strata::detail
