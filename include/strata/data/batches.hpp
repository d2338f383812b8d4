#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/error.hpp>
#include <strata/core/random.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/tensor.hpp>
#include <strata/data/dataset.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace strata::data {

/// The streams of random numbers that the data room draws from.
inline constexpr std::uint32_t shuffle_stream = 0x7368'7566, transform_stream = 0x7472'6e73;

/// Writes 0 .. order.size() - 1 into `order`, shuffled: a pure function of seed and epoch (Fisher
/// and Yates, in Durstenfeld's form, CACM 7(7), 1964). Throws argument_error beyond
/// 2^32 - 1 elements.
inline void permutation(std::span<index> order, std::uint64_t seed, index epoch) {
    if (order.size() > 0xFFFF'FFFF)
        detail::fail<argument_error>("a permutation of ", order.size(), " elements, at most ", 0xFFFF'FFFF,
                                     " can be shuffled");
    std::iota(order.begin(), order.end(), index{0});
    const random_source random{seed, shuffle_stream, static_cast<std::uint32_t>(epoch)};
    for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[random.below(i - 1, static_cast<std::uint32_t>(i))]);
}

/// The numbers 0 .. n - 1, shuffled: a pure function of n, seed and epoch.
inline std::vector<index> permutation(index n, std::uint64_t seed, index epoch) {
    if (n < 0) detail::fail<argument_error>("a permutation of ", n, " elements, at least 0 are needed");
    std::vector<index> order(static_cast<std::size_t>(n));
    permutation(order, seed, epoch);
    return order;
}

/// Room for `capacity` samples and their targets, `size` of which are filled: samples x (size, height, width,
/// channels), targets (size, target_size). Refilling it allocates nothing.
template <class T, class Y> struct batch {
    using value_type = T;
    using target_type = Y;

    shape sample_shape;
    index target_size = 1;
    index capacity = 0;
    buffer<T> x;
    buffer<Y> targets;
    index size = 0;
    buffer<T> scratch{}; ///< of the data set's transforms

    batch(index capacity_, shape sample_shape_, index target_size_ = 1)
        : sample_shape(sample_shape_),
          target_size(target_size_),
          capacity(capacity_),
          x(checked(capacity_) * sample_shape_.size()),
          targets(capacity_ * target_size_) {}

    /// The filled samples as an array (size, height, width, channels), for any xtensor expression.
    tensor_view<const T, 4> samples() const {
        return view<const T, 4>(x.data(),
                                {size, sample_shape.height, sample_shape.width, sample_shape.channels});
    }

private:
    static index checked(index capacity) {
        if (capacity < 1)
            detail::fail<argument_error>("a batch of ", capacity, " samples, at least 1 is needed");
        return capacity;
    }
};

/// The targets a batch of T has for this data set: std::int32_t labels, or rows of T.
template <class Dataset, class T>
using batch_target = std::conditional_t<Dataset::target_rank == 1, std::int32_t, T>;

/// Samples of this data set go through transforms when a batch is made.
template <class Dataset> inline constexpr bool has_transforms = requires(const Dataset& d, float* x) {
    d.transform(x, {}, x);
};

/// The batch of T that fits this data set.
template <class Dataset, class T> using batch_of = batch<T, batch_target<Dataset, T>>;

/// Fills `to` with the samples `indices` of `from`: x = scale * sample, which then goes through the
/// transforms of the data set, if it has any. Every sample has random numbers of its own, forked from
/// `random` by its index; the step of `random` is the epoch. Allocates nothing if the batch was filled from
/// this data set before. Throws argument_error if the batch is too small or made for samples or targets of
/// another shape, if `indices` is empty or if one of them is no sample.
template <class Dataset, class T, class Y>
void gather(const Dataset& from, std::span<const index> indices, batch<T, Y>& to,
            const random_source& random = {}) {
    static_assert(
        std::is_same_v<Y, batch_target<Dataset, T>>,
        "a batch has std::int32_t labels for class labels, rows of its own scalar for real targets");
    const auto count = static_cast<index>(indices.size());
    if (count < 1 || count > to.capacity)
        detail::fail<argument_error>("a batch of ", count, " samples, this one holds 1 .. ", to.capacity);
    if (from.sample_shape() != to.sample_shape)
        detail::fail<argument_error>("the batch is made for samples of ", to.sample_shape,
                                     ", those of the data set are ", from.sample_shape());
    if (from.target_size() != to.target_size)
        detail::fail<argument_error>("the batch is made for ", to.target_size,
                                     " targets a sample, the data set has ", from.target_size());

    const index elements = to.sample_shape.size();
    const T scale = static_cast<T>(from.scale);
    to.size = 0;
    if constexpr (has_transforms<Dataset>)
        if (to.scratch.size() < from.scratch()) to.scratch = buffer<T>(from.scratch());
    for (index i = 0; i < count; ++i) {
        const index sample = indices[static_cast<std::size_t>(i)];
        const auto* source = from.samples(sample);
        T* x = to.x.data() + i * elements;
        for (index k = 0; k < elements; ++k) x[k] = static_cast<T>(source[k]) * scale;
        if constexpr (has_transforms<Dataset>)
            from.transform(x, random.fork(static_cast<std::uint32_t>(sample)), to.scratch.data());
        const auto* target = from.targets(sample);
        for (index k = 0; k < to.target_size; ++k)
            to.targets[i * to.target_size + k] = static_cast<Y>(target[k]);
    }
    to.size = count;
}

/// How a data set is cut into batches.
struct batch_options {
    index size = 32;
    bool shuffle = true;    ///< a new order every epoch, else always the order of the data set
    bool drop_last = false; ///< leave out the last batch of an epoch if it is short
    std::uint64_t seed = 0;
};

/// The batches of an endless run over a data set. Batch `step` is a pure function of data set, options and
/// step, whatever was asked for before, so that a run can begin anywhere:
///
///     batches source(train, {.size = 100, .seed = 1});
///     auto current = source.make<float>();
///     for (index step = 0; step < 1'000; ++step) source.fill(step, current), use(current);
///
/// Transforms of the data set draw random numbers that are a pure function of seed, epoch and sample.
template <class Dataset> class batches {
public:
    using dataset_type = Dataset;

    /// Throws argument_error if the batch size is below 1 or the data set has not enough samples for a batch.
    batches(Dataset data, batch_options options) : m_data(std::move(data)), m_options(options) {
        if (options.size < 1)
            detail::fail<argument_error>("a batch size of ", options.size, ", at least 1 is needed");
        const index least = options.drop_last ? options.size : 1;
        if (m_data.size() < least)
            detail::fail<argument_error>("batches of ", options.size, " need a data set of at least ", least,
                                         " samples, this one has ", m_data.size());
        m_order.resize(static_cast<std::size_t>(m_data.size()));
        std::iota(m_order.begin(), m_order.end(), index{0});
    }

    const Dataset& data() const { return m_data; }
    const batch_options& options() const { return m_options; }

    index steps_per_epoch() const {
        const index n = m_data.size(), size = m_options.size;
        return m_options.drop_last ? n / size : (n + size - 1) / size;
    }
    /// Epoch of a step, from 0.
    index epoch_of(index step) const { return step / steps_per_epoch(); }

    /// An empty batch with room for any of these batches.
    template <class T> batch_of<Dataset, T> make() const {
        return {std::min(m_options.size, m_data.size()), m_data.sample_shape(), m_data.target_size()};
    }

    /// The samples of batch `step`, valid until the next call. Throws argument_error for a negative step.
    std::span<const index> indices(index step) {
        if (step < 0) detail::fail<argument_error>("batch ", step, " asked for, the first is 0");
        const index epoch = epoch_of(step);
        if (m_options.shuffle && epoch != m_epoch) {
            permutation(m_order, m_options.seed, epoch);
            m_epoch = epoch;
        }
        const index begin = (step - epoch * steps_per_epoch()) * m_options.size;
        const index count = std::min(m_options.size, m_data.size() - begin);
        return std::span<const index>(m_order).subspan(static_cast<std::size_t>(begin),
                                                       static_cast<std::size_t>(count));
    }

    /// Fills `to` with batch `step`. Allocates nothing. Throws argument_error for a negative step or a batch
    /// that does not fit.
    template <class T, class Y> void fill(index step, batch<T, Y>& to) {
        const auto samples = indices(step);
        gather(m_data, samples, to,
               {m_options.seed, transform_stream, static_cast<std::uint32_t>(epoch_of(step))});
    }

private:
    Dataset m_data;
    batch_options m_options;
    std::vector<index> m_order;
    index m_epoch = -1;
};

} // namespace strata::data
