#pragma once

#include <strata/core/error.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>

namespace strata {

/// A class: a number in 0 .. outputs - 1.
using label = std::int32_t;

/// What the trainer needs of a loss: the mean over a batch, and the gradient of that mean. `output` and
/// `gradient` are (batch, outputs); the targets are `batch` labels or (batch, outputs) rows. A null gradient
/// asks for the loss alone.
template <class L, class T, class Target>
concept loss_function = requires(const L& loss, const T* output, std::span<const Target> targets, T* gradient,
                                 index n) {
    { loss(output, targets, gradient, n, n) } -> std::convertible_to<double>;
};

namespace detail {

template <class Target> inline constexpr bool is_label = std::is_same_v<Target, label>;

/// Throws unless the targets are one label in range per sample, or one row per sample.
template <class Target> void check_targets(std::span<const Target> targets, index batch, index outputs) {
    if (batch < 1) fail<argument_error>("a loss needs at least one sample: the batch has ", batch);
    const auto count = static_cast<index>(targets.size());
    if constexpr (is_label<Target>) {
        if (count != batch)
            fail<argument_error>("a batch of ", batch, " samples needs as many labels: got ", count);
        for (index i = 0; i < batch; ++i) {
            const label given = targets[static_cast<std::size_t>(i)];
            if (given < 0 || given >= outputs)
                fail<argument_error>("label ", given, " at position ", i, " of the batch is not in 0 .. ",
                                     outputs - 1, ": the network has ", outputs, " outputs");
        }
    } else if (count != batch * outputs) {
        fail<argument_error>("a batch of ", batch, " samples with ", outputs, " outputs needs ",
                             batch * outputs, " target values: got ", count);
    }
}

/// The sum of part(begin, end) over chunks of `grain` of 0 .. count, on all threads where the work, as many
/// nanoseconds as `work` says or more, is worth waking them. Chunks depend on the sizes only and their sums
/// are added in order, so that the bits do not depend on the number of threads.
template <class Part> double sum_chunks_of(index count, index least_grain, index work, const Part& part) {
    constexpr index most = 64;
    const index grain = std::max(chunk_count(count, most), least_grain);
    std::array<double, most> partial{};
    parallel_chunks(count, grain, work < 20'000 ? 1 : threads(),
                    [&](int, index chunk, index begin, index end) {
                        partial[static_cast<std::size_t>(chunk)] = part(begin, end);
                    });
    double sum = 0;
    for (const double p : partial) sum += p;
    return sum;
}

/// The sum of row(i) over 0 .. rows - 1. A row's work is about `outputs` elements.
template <class Row> double sum_rows(index rows, index outputs, const Row& row) {
    constexpr index least_work = 4096;
    const index grain = chunk_count(least_work, std::max<index>(outputs, 1));
    return sum_chunks_of(rows, grain, rows * outputs, [&](index begin, index end) {
        double sum = 0;
        for (index i = begin; i < end; ++i) sum += row(i);
        return sum;
    });
}

/// The sum over 0 .. count - 1 of what term(i, n...) says of the vector at i (n: only of its first n lanes,
/// the others being 0).
template <class T, class Term> double sum_vectors(index count, const Term& term) {
    constexpr index at_once = 1024; // numbers of T in one sum of vectors
    return sum_chunks_of(count, 4 * at_once, count, [&](index begin, index end) {
        double sum = 0;
        for (index i = begin; i < end;) {
            const index stop = std::min(end, i + at_once);
            vector_of<T> part(T(0));
            for (; i + lanes<T> <= stop; i += lanes<T>) part += term(i);
            sum += static_cast<double>(sum_of(part));
            if (i < stop) {
                sum += static_cast<double>(sum_of(term(i, stop - i)));
                i = stop;
            }
        }
        return sum;
    });
}

/// The target of output k of sample i: from a row, or 1 at the label and 0 elsewhere.
template <class T, class Target>
T target_value(std::span<const Target> targets, index i, index k, index outputs) {
    if constexpr (is_label<Target>)
        return targets[static_cast<std::size_t>(i)] == k ? T(1) : T(0);
    else
        return static_cast<T>(targets[static_cast<std::size_t>(i * outputs + k)]);
}

} // namespace detail
} // namespace strata
