#pragma once

#include <strata/loss/loss.hpp>

#include <cmath>

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
        const double sum = detail::sum_rows(batch, outputs, [&](index i) {
            const T* z = output + i * outputs;
            const T* y = targets.data() + i * outputs;
            double loss = 0;
            for (index k = 0; k < outputs; ++k) {
                const T e = std::exp(-std::abs(z[k]));
                loss += static_cast<double>(std::max(z[k], T(0)) - z[k] * y[k] + std::log1p(e));
                if (gradient) {
                    const T sigmoid = (z[k] < 0 ? e : T(1)) / (1 + e);
                    gradient[i * outputs + k] = (sigmoid - y[k]) * share;
                }
            }
            return loss;
        });
        return sum / count;
    }
};

} // namespace strata
