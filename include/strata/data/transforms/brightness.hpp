#pragma once

#include <strata/core/shape.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/image.hpp>

#include <limits>
#include <string_view>

namespace strata {

/// Adds one number to all elements of a sample, drawn for every sample and epoch (as TensorFlow's
/// random_brightness does). Nothing is cut off at black or white.
struct brightness {
    double delta = 0.1; ///< the number is uniform in [-delta, delta), in units of the samples

    static constexpr std::string_view name = "brightness";
    void check(const shape&) const {
        detail::check_option("brightness", "delta", delta, 0, std::numeric_limits<float>::max());
    }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>& context) const {
        const T add = static_cast<T>(detail::real_number(context.random, 0, delta));
        for (index i = 0; i < s.size(); ++i) x[i] += add;
    }
};

} // namespace strata
