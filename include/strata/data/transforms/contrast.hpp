#pragma once

#include <strata/core/shape.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/image.hpp>

#include <algorithm>
#include <string_view>

namespace strata {

/// Brings every channel of an image closer to its own mean or farther from it, x = mean + f (x - mean), with
/// a factor f drawn for every sample and epoch (as TensorFlow's random_contrast does).
struct contrast {
    double delta = 0.2; ///< f is uniform in [1 - delta, 1 + delta)

    static constexpr std::string_view name = "contrast";
    void check(const shape& s) const {
        detail::check_image("contrast", s);
        detail::check_option("contrast", "delta", delta, 0, 1);
    }
    index scratch(const shape& s) const { return s.width * s.channels; }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>& context) const {
        const T factor = static_cast<T>(1 + detail::real_number(context.random, 0, delta));
        // Rows are added up first, and changed one by one: whole vectors.
        const index row = s.width * s.channels;
        T* const mean = context.scratch;
        std::fill_n(mean, row, T{0});
        for (index h = 0; h < s.height; ++h)
            for (index i = 0; i < row; ++i) mean[i] += x[h * row + i];
        for (index c = 0; c < s.channels; ++c) {
            double sum = 0;
            for (index i = c; i < row; i += s.channels) sum += static_cast<double>(mean[i]);
            for (index i = c; i < row; i += s.channels)
                mean[i] = static_cast<T>(sum / static_cast<double>(s.pixels()));
        }
        for (index h = 0; h < s.height; ++h, x += row)
            for (index i = 0; i < row; ++i) x[i] += (factor - 1) * (x[i] - mean[i]);
    }
};

} // namespace strata
