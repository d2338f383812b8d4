#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/data/batches.hpp>
#include <strata/data/transformed.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

namespace strata {
namespace detail {

/// Calls use(x) with every sample of a data set, in double, transforms of its own applied (as in epoch 0 of
/// seed 0).
template <class Dataset, class Use> void each_sample(const Dataset& data, const Use& use) {
    data::batch<double, data::batch_target<Dataset, double>> batch(64, data.sample_shape(),
                                                                   data.target_size());
    std::vector<index> indices;
    for (index begin = 0; begin < data.size(); begin += batch.capacity) {
        indices.resize(static_cast<std::size_t>(std::min(batch.capacity, data.size() - begin)));
        std::iota(indices.begin(), indices.end(), begin);
        data::gather(data, indices, batch, {0, data::transform_stream, 0});
        for (index i = 0; i < batch.size; ++i) use(batch.x.data() + i * data.sample_shape().size());
    }
}

/// Mean of every element over the samples. Throws argument_error if there are none.
template <class Dataset> std::vector<double> mean_sample(const char* who, const Dataset& data) {
    if (data.size() < 1)
        fail<argument_error>(who, ": the data set has ", data.size(), " samples, at least 1 is needed");
    std::vector<double> mean(static_cast<std::size_t>(data.sample_shape().size()));
    each_sample(data, [&](const double* x) {
        for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += x[i];
    });
    for (double& m : mean) m /= static_cast<double>(data.size());
    return mean;
}

} // namespace detail

/// x = (x - mean) / deviation, with the mean and the standard deviation of every channel:
///
///     const auto standard = standardise::of(train);
///     fit(net, train.with(standard), ...), evaluate(net, test.with(standard));
struct standardise {
    std::vector<double> mean, deviation; ///< of every channel

    /// Those of all pixels of a data set, which should be the training part alone, after its own transforms
    /// if it has any; the deviation is that of the samples (divided by their number). A channel that is the
    /// same everywhere gets the deviation 1. Throws argument_error if there are no samples.
    template <class Dataset> static standardise of(const Dataset& data) {
        const shape s = data.sample_shape();
        const auto channels = static_cast<std::size_t>(s.channels);
        const auto pixels = detail::mean_sample("standardise", data);
        const auto per_channel = [&](const std::vector<double>& elements) {
            std::vector<double> sums(channels);
            for (std::size_t i = 0; i < elements.size(); ++i) sums[i % channels] += elements[i];
            for (double& sum : sums) sum /= static_cast<double>(s.pixels());
            return sums;
        };
        standardise found{per_channel(pixels), {}};

        std::vector<double> centre(pixels.size()), squares(pixels.size());
        for (std::size_t i = 0; i < centre.size(); ++i) centre[i] = found.mean[i % channels];
        detail::each_sample(data, [&](const double* x) {
            for (std::size_t i = 0; i < squares.size(); ++i)
                squares[i] += (x[i] - centre[i]) * (x[i] - centre[i]);
        });
        found.deviation = per_channel(squares);
        for (std::size_t c = 0; c < channels; ++c) {
            double& d = found.deviation[c];
            d = std::sqrt(d / static_cast<double>(data.size()));
            if (d <= 1e-12 * std::abs(found.mean[c])) d = 1;
        }
        return found;
    }

    static constexpr std::string_view name = "standardise";
    void check(const shape& s) const {
        const auto channels = static_cast<index>(mean.size());
        if (channels != s.channels || mean.size() != deviation.size())
            detail::fail<argument_error>("standardise: has the mean of ", channels,
                                         " channels and the deviation of ", deviation.size(),
                                         ", the samples have ", s.channels);
        for (std::size_t c = 0; c < mean.size(); ++c)
            if (!std::isfinite(mean[c]) || !(deviation[c] > 0) || !std::isfinite(deviation[c]))
                detail::fail<argument_error>("standardise: channel ", c, " has the mean ", mean[c],
                                             " and the deviation ", deviation[c],
                                             ", which must be finite and above 0");
    }
    index scratch(const shape& s) const { return 2 * s.width * s.channels; }

    template <class T> void operator()(T* x, const shape& s, const sample_context<T>& context) const {
        const index row = s.width * s.channels;
        T *const centre = context.scratch, *const factor = centre + row; // of a row: whole vectors
        for (index w = 0; w < s.width; ++w)
            for (index c = 0; c < s.channels; ++c) {
                centre[w * s.channels + c] = static_cast<T>(mean[static_cast<std::size_t>(c)]);
                factor[w * s.channels + c] = static_cast<T>(1 / deviation[static_cast<std::size_t>(c)]);
            }
        for (index h = 0; h < s.height; ++h, x += row)
            for (index i = 0; i < row; ++i) x[i] = (x[i] - centre[i]) * factor[i];
    }
};

} // namespace strata
