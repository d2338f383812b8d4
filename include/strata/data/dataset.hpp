#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/tensor.hpp>
#include <strata/data/transformed.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace strata {

/// How many samples, from the first on, are for training and how many, right behind them, for validation.
struct split {
    static constexpr index rest = -1; ///< all that validation leaves

    index train = rest;
    index validation = 0;
};

namespace data {

/// Samples and their targets, kept in memory as they were loaded: pixels stay bytes until a batch is made.
/// Copies and slices share the arrays, which never change.
///
/// Samples are X (count, height, width, channels). Targets of rank 1 are integer class labels (count), of
/// rank 2 real numbers (count, numbers a sample).
template <class X = std::uint8_t, class Y = std::uint8_t, std::size_t TargetRank = 1> class dataset {
    static_assert(TargetRank == 1 || TargetRank == 2,
                  "targets are one class label or one row of numbers a sample");
    static_assert(TargetRank == 2 || std::is_integral_v<Y>, "class labels are integers");
    static_assert(TargetRank == 1 || std::is_floating_point_v<Y>, "rows of targets are real numbers");

public:
    using sample_type = X;
    using target_type = Y;
    static constexpr std::size_t target_rank = TargetRank;

    /// Names of the classes, in the order of the labels; may be empty.
    std::vector<std::string> classes;
    /// Samples are multiplied by this when a batch is made: bytes become 0 .. 1.
    double scale = std::is_same_v<X, std::uint8_t> ? 1.0 / 255 : 1.0;

    /// Takes both arrays over. Throws argument_error if their counts differ, a sample has no elements, a
    /// number is not finite or a label is negative or beyond 32 bits.
    dataset(tensor<X, 4> samples, tensor<Y, TargetRank> targets)
        : dataset(std::make_shared<const arrays>(arrays{std::move(samples), std::move(targets)})) {}

    index size() const { return m_count; }
    shape sample_shape() const { return m_shape; }
    /// Targets of one sample: 1 label, or the numbers in a row.
    index target_size() const { return m_target_size; }

    /// The first element of sample i; the samples behind it follow. Throws argument_error if there is no
    /// sample i.
    const X* samples(index i) const { return m_arrays->samples.data() + offset(i) * m_shape.size(); }
    /// The first target of sample i; those of the samples behind it follow. Throws as `samples` does.
    const Y* targets(index i) const { return m_arrays->targets.data() + offset(i) * m_target_size; }

    /// The `count` samples from `begin` on, shared with this data set. Throws argument_error if it has fewer.
    dataset slice(index begin, index count) const {
        if (begin < 0 || begin > m_count)
            detail::fail<argument_error>("slice begins at sample ", begin, ", the data set has ", m_count);
        if (count < 0 || count > m_count - begin)
            detail::fail<argument_error>("slice asks for ", count, " samples from sample ", begin,
                                         " on, the data set has ", m_count - begin, " from there");
        auto part = *this;
        part.m_begin += begin;
        part.m_count = count;
        return part;
    }

    /// The same samples, which go through these transforms, in this order, whenever a batch is made:
    /// `train.with(standard, random_crop{.padding = 4})`. Throws argument_error if an option is out of its
    /// range or a transform cannot be used on such samples.
    template <class... Transforms> transformed<dataset, Transforms...> with(Transforms... transforms) const {
        return {*this, std::tuple<Transforms...>(std::move(transforms)...)};
    }

private:
    struct arrays {
        tensor<X, 4> samples;
        tensor<Y, TargetRank> targets;
    };

    explicit dataset(std::shared_ptr<const arrays> shared) : m_arrays(std::move(shared)) {
        const auto extent = [](const auto& array, std::size_t axis) {
            return static_cast<index>(array.shape()[axis]);
        };
        const auto& [x, y] = *m_arrays;
        m_count = extent(x, 0);
        m_shape = {extent(x, 1), extent(x, 2), extent(x, 3)};
        if constexpr (TargetRank == 2) m_target_size = extent(y, 1);

        if (extent(y, 0) != m_count)
            detail::fail<argument_error>("a data set of ", m_count, " samples has targets for ",
                                         extent(y, 0));
        if (!m_shape.is_valid() || m_target_size < 1)
            detail::fail<argument_error>("a data set has samples of ", m_shape.height, 'x', m_shape.width,
                                         'x', m_shape.channels, " and ", m_target_size,
                                         " targets each, at least 1 is needed everywhere");
        check_finite(x.data(), m_shape.size(), "element");
        check_finite(y.data(), m_target_size, "target");
        if constexpr (TargetRank == 1) check_labels(y.data());
    }

    index offset(index i) const {
        if (i < 0 || i >= m_count)
            detail::fail<argument_error>("sample ", i, " asked for, the data set has ", m_count);
        return m_begin + i;
    }

    template <class V> void check_finite(const V* values, index per_sample, const char* what) const {
        if constexpr (std::is_floating_point_v<V>)
            for (index i = 0; i < m_count * per_sample; ++i)
                if (!std::isfinite(values[i]))
                    detail::fail<argument_error>("sample ", i / per_sample, " of ", m_count,
                                                 " has the value ", values[i], " in ", what, ' ',
                                                 i % per_sample);
    }

    void check_labels(const Y* labels) const {
        for (index i = 0; i < m_count; ++i)
            if (!std::in_range<std::int32_t>(+labels[i]) || std::cmp_less(+labels[i], 0))
                detail::fail<argument_error>("sample ", i, " of ", m_count, " has the label ", +labels[i],
                                             ", labels are 0 .. ", std::numeric_limits<std::int32_t>::max());
    }

    std::shared_ptr<const arrays> m_arrays;
    shape m_shape;
    index m_begin = 0, m_count = 0, m_target_size = 1;
};

/// Flat samples (count, features) as a data set holds them, (count, 1, 1, features):
/// `dataset(flat(x), targets)`.
template <class X> tensor<X, 4> flat(tensor<X, 2> samples) {
    const std::size_t count = samples.shape()[0], features = samples.shape()[1];
    auto out = tensor<X, 4>::from_shape({count, 1, 1, features});
    std::copy(samples.begin(), samples.end(), out.begin());
    return out;
}

/// Two parts of a data set: `auto [train, validation] = split_of(data, {.validation = 5'000});`
template <class Dataset> struct split_parts { Dataset train, validation; };

/// Cuts a data set in two parts that share its arrays. Throws argument_error if it has not enough samples.
template <class Dataset> split_parts<Dataset> split_of(const Dataset& all, split counts) {
    if (counts.validation < 0 || counts.validation > all.size())
        detail::fail<argument_error>("split asks for ", counts.validation,
                                     " validation samples, the data set has ", all.size());
    if (counts.train == split::rest) counts.train = all.size() - counts.validation;
    if (counts.train < 0 || counts.train > all.size() - counts.validation)
        detail::fail<argument_error>("split asks for ", counts.train, " training and ", counts.validation,
                                     " validation samples, the data set has ", all.size());
    return {all.slice(0, counts.train), all.slice(counts.train, counts.validation)};
}

} // namespace data
} // namespace strata
