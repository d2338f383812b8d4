#pragma once

#include <strata/core/shape.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/image.hpp>

#include <string_view>

namespace strata {

/// Mirrors an image left to right, or leaves it, as drawn for every sample and epoch.
struct horizontal_flip {
    double probability = 0.5;

    static constexpr std::string_view name = "horizontal_flip";
    void check(const shape& s) const {
        detail::check_image("horizontal_flip", s);
        detail::check_option("horizontal_flip", "probability", probability, 0, 1);
    }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>& context) const {
        if (context.random.uniform(0) < probability) detail::mirror(x, s);
    }
};

} // namespace strata
