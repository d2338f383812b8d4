#pragma once

#include <strata/core/random.hpp>
#include <strata/core/shape.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace strata {

/// What a transform is given beside the sample.
template <class T> struct sample_context {
    /// Random numbers of its own: a pure function of seed, epoch, sample and transform.
    random_source random;
    index epoch = 0;      ///< from 0
    T* scratch = nullptr; ///< room for as many numbers as its scratch(shape) says, with anything in them

    /// Random numbers that depend on seed, sample and transform alone: those of `random` in the first epoch.
    random_source in_every_epoch() const { return {random.seed, random.stream, 0}; }
};

namespace detail {

template <class Transform> constexpr std::string_view transform_name() {
    if constexpr (requires { Transform::name; })
        return Transform::name;
    else
        return {};
}

/// Which random numbers every one of several transforms draws: by its name (FNV-1a) and by how many of its
/// name stand in front of it, so that it draws the same ones whatever other transforms there are.
template <class... Transforms> constexpr std::array<std::uint32_t, sizeof...(Transforms)> transform_forks() {
    std::array<std::uint32_t, sizeof...(Transforms)> forks{};
    const std::array<std::string_view, sizeof...(Transforms)> names{transform_name<Transforms>()...};
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::uint32_t hash = 0x811C'9DC5;
        for (const char c : names[i]) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x0100'0193;
        forks[i] = hash + static_cast<std::uint32_t>(std::count(names.begin(), names.begin() + i, names[i]));
    }
    return forks;
}

} // namespace detail

namespace data {

/// A data set whose samples go through transforms, one after the other, when a batch is made:
/// `train.with(standard, random_crop{.padding = 4}, horizontal_flip{})`. It shares the arrays of the data set
/// and can be used wherever that can.
///
/// A transform is a value that is called as transform(T* sample, shape, const sample_context<T>&) and changes
/// the sample where it lies. It may have
///
///     static constexpr std::string_view name      tells its random numbers from those of other transforms
///     index scratch(shape) const                  how many numbers it needs room for
///     void check(shape) const                     throws argument_error if it cannot be used on such samples
///
/// and is to be a pure function of its options and the context, for the same batches whoever makes them.
template <class Dataset, class... Transforms> class transformed : Dataset {
public:
    using typename Dataset::sample_type, typename Dataset::target_type;
    static constexpr std::size_t target_rank = Dataset::target_rank;
    using Dataset::classes, Dataset::scale, Dataset::size, Dataset::sample_shape, Dataset::target_size,
        Dataset::samples, Dataset::targets;

    transformed(Dataset data, std::tuple<Transforms...> transforms)
        : Dataset(std::move(data)), m_transforms(std::move(transforms)) {
        const auto check = [s = this->sample_shape()](const auto& transform) {
            if constexpr (requires { transform.check(s); }) transform.check(s);
        };
        std::apply([&](const auto&... all) { (check(all), ...); }, m_transforms);
    }

    /// The `count` samples from `begin` on, with the same transforms; they draw by the place in the slice.
    transformed slice(index begin, index count) const { return {Dataset::slice(begin, count), m_transforms}; }

    /// The same with more transforms behind these. Throws argument_error if one cannot be used on the
    /// samples.
    template <class... More> auto with(More... more) const {
        return transformed<Dataset, Transforms..., More...>(
            *this, std::tuple_cat(m_transforms, std::tuple<More...>(std::move(more)...)));
    }

    /// How many numbers `transform` needs room for.
    index scratch() const {
        const auto of = [s = this->sample_shape()](const auto& transform) {
            if constexpr (requires { transform.scratch(s); })
                return index{transform.scratch(s)};
            else
                return index{0};
        };
        return std::apply([&](const auto&... all) { return std::max({index{0}, of(all)...}); }, m_transforms);
    }

    /// Applies the transforms to a sample. `random`: of this epoch, which is its step, and this sample.
    template <class T> void transform(T* sample, const random_source& random, T* scratch) const {
        static_assert((std::invocable<const Transforms&, T*, const shape&, const sample_context<T>&> && ...),
                      "with: a transform is called as transform(T* sample, shape, const sample_context<T>&), "
                      "T being float or double, and its operator() must be const");
        static constexpr auto forks = detail::transform_forks<Transforms...>();
        const shape s = this->sample_shape();
        const auto epoch = static_cast<index>(random.step);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (std::get<I>(m_transforms)(sample, s, sample_context<T>{random.fork(forks[I]), epoch, scratch}),
             ...);
        }
        (std::index_sequence_for<Transforms...>{});
    }

private:
    std::tuple<Transforms...> m_transforms;
};

} // namespace data
} // namespace strata
