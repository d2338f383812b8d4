#pragma once

#include <strata/core/simd_math.hpp>
#include <strata/loss/loss.hpp>

#include <cmath>

namespace strata {

/// Softmax and cross-entropy in one, from logits z:
///
///     loss = mean over the batch of -sum_k y_k log softmax(z)_k,   d loss / dz = (softmax(z) sum_k y_k - y)
///     / batch
///
/// Targets are labels, or rows of one-hot or soft labels. The largest logit of a row is subtracted first, so
/// that no exponential overflows. With label smoothing e the target is (1 - e) y + e / outputs (Szegedy et
/// al., "Rethinking the Inception architecture", 2016, section 7).
struct softmax_cross_entropy {
    double label_smoothing = 0;

    static constexpr bool accepts_labels = true, accepts_rows = true;

    /// True, or an error of the compiler that says what the network lacks.
    template <shape Output> static constexpr bool fits() {
        static_assert(Output.is_flat(), "softmax_cross_entropy expects a flat output, one logit per class: "
                                        "put flatten and dense before it");
        return true;
    }

    /// output (batch, outputs), targets batch labels or (batch, outputs) rows; writes gradient (batch,
    /// outputs) unless it is null. Throws argument_error, before anything is written, for an empty batch, a
    /// wrong number of targets, a label or a smoothing out of range.
    template <class T, class Target>
    double operator()(const T* output, std::span<const Target> targets, T* gradient, index batch,
                      index outputs) const {
        static_assert(
            detail::is_label<Target> || std::is_same_v<Target, T>,
            "softmax_cross_entropy expects std::int32_t class labels, or rows of the network's own type");
        detail::check_targets(targets, batch, outputs);
        if (!(label_smoothing >= 0 && label_smoothing <= 1))
            detail::fail<argument_error>("softmax_cross_entropy: label smoothing must be in 0 .. 1, got ",
                                         label_smoothing);
        const auto keep = static_cast<T>(1 - label_smoothing);
        const auto spread = static_cast<T>(label_smoothing / static_cast<double>(outputs));
        const auto share = static_cast<T>(1 / static_cast<double>(batch));
        const double sum = detail::sum_rows(batch, outputs, [&](index i) {
            using vector = detail::vector_of<T>;
            const T* const z = output + i * outputs;
            T* const dz = gradient ? gradient + i * outputs : nullptr;
            const T largest = detail::largest_of(z, outputs);
            const double total = detail::sum_of_exponentials(dz, z, outputs, largest);
            // loss = sum_k y_k (log total - (z_k - largest)), every term of it at least 0
            const double log_total = std::log(total);
            double loss = 0, weight = 0;
            const auto count_in = [&](index k) {
                const auto y =
                    static_cast<double>(keep * detail::target_value<T>(targets, i, k, outputs) + spread);
                weight += y;
                if (y != 0) loss += y * (log_total - static_cast<double>(z[k] - largest));
            };
            if constexpr (detail::is_label<Target>) {
                const auto right = static_cast<index>(targets[static_cast<std::size_t>(i)]);
                if (spread == 0)
                    count_in(right);
                else
                    for (index k = 0; k < outputs; ++k) count_in(k);
                if (dz) {
                    const T at_right = dz[right], scale = static_cast<T>(weight / total);
                    const auto gradient_of = [=](T y) {
                        return [=](index k, auto... n) {
                            const auto e = detail::load(dz + k, n...);
                            const vector target(y);
                            detail::store(dz + k, (e * vector(scale) - target) * vector(share), n...);
                        };
                    };
                    detail::vector_loop<T>(0, outputs, gradient_of(spread));
                    dz[right] = at_right;
                    gradient_of(keep + spread)(right, index{1});
                }
            } else {
                for (index k = 0; k < outputs; ++k) count_in(k);
                if (dz) {
                    const T scale = static_cast<T>(weight / total);
                    const T* const y = targets.data() + i * outputs;
                    detail::vector_loop<T>(0, outputs, [=](index k, auto... n) {
                        const auto e = detail::load(dz + k, n...);
                        const auto target = vector(keep) * detail::load(y + k, n...) + vector(spread);
                        detail::store(dz + k, (e * vector(scale) - target) * vector(share), n...);
                    });
                }
            }
            return loss;
        });
        return sum / static_cast<double>(batch);
    }
};

} // namespace strata
