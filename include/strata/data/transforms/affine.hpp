#pragma once

#include <strata/core/shape.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/image.hpp>
#include <strata/data/transforms/resample.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

namespace strata {
namespace detail {

/// What an affine map does to an image, in this order: shears it along its rows, scales it, turns it
/// (clockwise, rows count downwards), all about its centre, and moves it.
struct affine_map {
    double rotation = 0; ///< degrees
    double scale = 1;
    double shear = 0;           ///< degrees
    double down = 0, right = 0; ///< pixels
};

/// Applies it to an image where that lies; what comes from outside is zero.
template <class T> void warp(T* x, const shape& s, T* scratch, const affine_map& map) {
    constexpr double degree = std::numbers::pi / 180;
    // from an output pixel to its place in the input: the inverse
    const double cosine = std::cos(map.rotation * degree) / map.scale,
                 sine = std::sin(map.rotation * degree) / map.scale, slope = std::tan(map.shear * degree);
    const double middle_row = 0.5 * static_cast<double>(s.height - 1),
                 middle_column = 0.5 * static_cast<double>(s.width - 1);
    struct line {
        T start, per_row, per_column;
        T at(index h, index w) const {
            return start + per_row * static_cast<T>(h) + per_column * static_cast<T>(w);
        }
    };
    const auto through = [&](double middle, double per_row, double per_column) {
        const double start =
            middle - per_row * (middle_row + map.down) - per_column * (middle_column + map.right);
        return line{static_cast<T>(start), static_cast<T>(per_row), static_cast<T>(per_column)};
    };
    const line row = through(middle_row, cosine, -sine),
               column = through(middle_column, sine - slope * cosine, cosine + slope * sine);
    struct place {
        T row, column;
    };
    resample(x, s, scratch, [&](index h, index w) { return place{row.at(h, w), column.at(h, w)}; });
}

} // namespace detail

/// Turns, scales, shears and moves an image by amounts drawn for every sample and epoch, with bilinear
/// interpolation and zeros outside: to be put in front of `standardise`. All about the centre.
struct affine {
    double rotation = 0;    ///< degrees: uniform in [-rotation, rotation)
    double scale = 0;       ///< the factor is uniform in [1 - scale, 1 + scale)
    double shear = 0;       ///< degrees that columns lean: uniform in [-shear, shear)
    double translation = 0; ///< pixels, not only whole ones: uniform in [-translation, translation), twice

    static constexpr std::string_view name = "affine";
    void check(const shape& s) const {
        detail::check_image("affine", s);
        detail::check_option("affine", "rotation", rotation, 0, 180);
        detail::check_option("affine", "scale", scale, 0, 0.9);
        detail::check_option("affine", "shear", shear, 0, 80);
        detail::check_option("affine", "translation", translation, 0,
                             static_cast<double>(std::max(s.height, s.width)));
    }
    index scratch(const shape& s) const { return detail::resample_scratch(s); }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>& context) const {
        if (rotation == 0 && scale == 0 && shear == 0 && translation == 0) return;
        const auto draw = [&](std::uint64_t element, double limit) {
            return detail::real_number(context.random, element, limit);
        };
        detail::warp(x, s, context.scratch,
                     {.rotation = draw(0, rotation),
                      .scale = 1 + draw(1, scale),
                      .shear = draw(2, shear),
                      .down = draw(3, translation),
                      .right = draw(4, translation)});
    }
};

} // namespace strata
