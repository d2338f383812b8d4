#pragma once

#include <strata/core/shape.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/image.hpp>

#include <string_view>

namespace strata {

/// Pads an image on all four sides and cuts its size out again, at a place drawn for every sample and epoch
/// (He et al., "Deep residual learning", 2016, section 4.2: 4 zeros on CIFAR-10). In front of `standardise`
/// zeros are black, behind it the mean colour.
struct random_crop {
    index padding = 4; ///< pixels, less than height and width
    padding_mode mode = padding_mode::zero;

    static constexpr std::string_view name = "random_crop";
    void check(const shape& s) const { detail::check_shift("random_crop", "padding", padding, s); }
    index scratch(const shape& s) const { return s.size(); }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>& context) const {
        detail::shift_in_place(x, context.scratch, s, detail::whole_number(context.random, 0, padding),
                               detail::whole_number(context.random, 1, padding), mode);
    }
};

} // namespace strata
