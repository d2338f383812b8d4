#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/image.hpp>
#include <strata/data/transforms/standardise.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

namespace strata {

/// Takes the mean image of the training part from every sample, in the units that the data set is kept in:
/// bytes become numbers between -255 and 255, as in the classic recipe for CIFAR-10.
///
///     const auto centred = subtract_mean_image::of(train);
///     fit(net, train.with(centred), ...), evaluate(net, test.with(centred));
struct subtract_mean_image {
    std::vector<double> mean; ///< (height, width, channels)
    double factor = 1;        ///< x = factor * x - mean: from the units of a batch to those of the mean image

    /// The mean image of a data set, which should be the training part alone, after its own transforms if it
    /// has any. `scale` is in the place of the data set's own: 1 for the numbers as they are kept, 1.0 / 255
    /// for bytes as 0 .. 1. Throws argument_error if there are no samples or a scale is not finite and above
    /// 0.
    template <class Dataset> static subtract_mean_image of(const Dataset& data, double scale = 1) {
        constexpr double least = std::numeric_limits<float>::min(), most = std::numeric_limits<float>::max();
        detail::check_option("subtract_mean_image", "scale", scale, least, most);
        detail::check_option("subtract_mean_image", "the scale of the data set", data.scale, least, most);
        subtract_mean_image found{detail::mean_sample("subtract_mean_image", data), scale / data.scale};
        for (double& m : found.mean) m *= found.factor;
        return found;
    }

    static constexpr std::string_view name = "subtract_mean_image";
    void check(const shape& s) const {
        if (static_cast<index>(mean.size()) != s.size())
            detail::fail<argument_error>("subtract_mean_image: the mean image has ", mean.size(),
                                         " elements, the samples have ", s.size());
    }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>&) const {
        const T by = static_cast<T>(factor);
        for (index i = 0; i < s.size(); ++i)
            x[i] = by * x[i] - static_cast<T>(mean[static_cast<std::size_t>(i)]);
    }
};

} // namespace strata
