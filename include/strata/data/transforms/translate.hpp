#pragma once

#include <strata/core/shape.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/image.hpp>

#include <string_view>

namespace strata {

/// Moves an image by whole pixels, up or down and left or right, each drawn for every sample and epoch: a
/// `random_crop` whose two directions have limits of their own.
struct translate {
    index vertical = 2;   ///< at most so many pixels up or down, less than the height
    index horizontal = 2; ///< at most so many pixels to the left or right, less than the width
    padding_mode mode = padding_mode::zero;

    static constexpr std::string_view name = "translate";
    void check(const shape& s) const {
        detail::check_image("translate", s);
        detail::check_option("translate", "vertical", static_cast<double>(vertical), 0,
                             static_cast<double>(s.height - 1));
        detail::check_option("translate", "horizontal", static_cast<double>(horizontal), 0,
                             static_cast<double>(s.width - 1));
    }
    index scratch(const shape& s) const { return s.size(); }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>& context) const {
        detail::shift_in_place(x, context.scratch, s, detail::whole_number(context.random, 0, vertical),
                               detail::whole_number(context.random, 1, horizontal), mode);
    }
};

} // namespace strata
