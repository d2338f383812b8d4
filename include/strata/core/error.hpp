#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace strata {

/// The base of everything strata throws.
struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// An argument does not fit: a batch of another shape, a label the network has no output for, an empty batch.
struct argument_error : error {
    using error::error;
};

/// A file is missing, damaged or of another kind. The message begins with its path.
struct file_error : error {
    using error::error;
};

/// Training produced a number that is not finite.
struct divergence_error : error {
    using error::error;
};

namespace detail {

/// The parts written one after the other, as `std::cout << a << b` would.
template <class... Parts> std::string text(const Parts&... parts) {
    std::ostringstream out;
    (out << ... << parts);
    return out.str();
}

template <class Error, class... Parts> [[noreturn]] void fail(const Parts&... parts) {
    throw Error(text(parts...));
}

} // namespace detail
} // namespace strata
