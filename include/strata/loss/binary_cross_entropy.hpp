#pragma once

#include <strata/core/simd_math.hpp>
#include <strata/loss/loss.hpp>

namespace strata {

/// Sigmoid and cross-entropy in one, from logits z, for targets y in [0, 1] that do not exclude each other:
///
///     loss = mean over batch and outputs of max(z, 0) - z y + log(1 + exp(-|z|)),
///     d loss / dz = (sigmoid(z) - y) / (batch outputs)
///
/// the form without overflow of TensorFlow's sigmoid_cross_entropy_with_logits. Targets are rows.
struct binary_cross_entropy {
    static constexpr bool accepts_labels = false, accepts_rows = true;

    /// True, or an error of the compiler that says what the network lacks.
    template <shape Output> static constexpr bool fits() {
        static_assert(Output.is_flat(), "binary_cross_entropy expects a flat output, one logit per yes-or-no "
                                        "question: put flatten and dense before it");
        return true;
    }

    /// output and targets (batch, outputs); writes gradient (batch, outputs) unless it is null. Throws
    /// argument_error, before anything is written, for an empty batch or a wrong number of targets.
    template <class T, class Target>
    double operator()(const T* output, std::span<const Target> targets, T* gradient, index batch,
                      index outputs) const {
        static_assert(
            std::is_same_v<Target, T>,
            "binary_cross_entropy expects rows of the network's own type as targets, not class labels");
        detail::check_targets(targets, batch, outputs);
        const double count = static_cast<double>(batch) * static_cast<double>(outputs);
        const auto share = static_cast<T>(1 / count);
        const T* const targets_at = targets.data();
        const double sum = detail::sum_vectors<T>(batch * outputs, [=](index i, auto... n) {
            using vector = detail::vector_of<T>;
            const vector none(T(0)), one(T(1));
            const vector z = detail::load(output + i, n...), y = detail::load(targets_at + i, n...);
            const vector e = detail::exponential(-xsimd::abs(z));
            if (gradient) {
                const vector sigmoid = xsimd::select(z < none, e, one) / (one + e);
                detail::store(gradient + i, (sigmoid - y) * vector(share), n...);
            }
            const vector loss = detail::larger(none, z) - z * y + xsimd::log1p(e);
            if constexpr (sizeof...(n) == 0)
                return loss;
            else // lanes that hold nothing would count log 2
                return xsimd::select(detail::first_lanes<T>(n...), loss, none);
        });
        return sum / count;
    }
};

} // namespace strata
