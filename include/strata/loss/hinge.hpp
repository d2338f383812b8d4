#pragma once

#include <strata/loss/loss.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace strata {

/// One hinge for each class against the rest, TensorFlow's tf.losses.hinge_loss on one-hot labels: targets 0
/// and 1 become s = -1 and +1,
///
///     loss = mean over batch and outputs of max(0, 1 - s z),   d loss / dz = -s / (batch outputs) where 1 -
///     s z > 0
///
/// Targets are labels, or rows of 0 and 1.
struct hinge {
    static constexpr bool accepts_labels = true, accepts_rows = true;

    /// True, or an error of the compiler that says what the network lacks.
    template <shape Output> static constexpr bool fits() {
        static_assert(Output.is_flat(),
                      "hinge expects a flat output, one score per class: put flatten and dense before it");
        return true;
    }

    /// output (batch, outputs), targets batch labels or (batch, outputs) rows; writes gradient (batch,
    /// outputs) unless it is null. Throws argument_error, before anything is written, for an empty batch, a
    /// wrong number of targets, a label out of range.
    template <class T, class Target>
    double operator()(const T* output, std::span<const Target> targets, T* gradient, index batch,
                      index outputs) const {
        static_assert(detail::is_label<Target> || std::is_same_v<Target, T>,
                      "hinge expects std::int32_t class labels, or rows of the network's own type");
        detail::check_targets(targets, batch, outputs);
        const double count = static_cast<double>(batch) * static_cast<double>(outputs);
        const auto share = static_cast<T>(1 / count);
        const double sum = detail::sum_rows(batch, outputs, [&](index i) {
            const T* z = output + i * outputs;
            double loss = 0;
            for (index k = 0; k < outputs; ++k) {
                const T sign = 2 * detail::target_value<T>(targets, i, k, outputs) - 1;
                const T lack = 1 - sign * z[k];
                // not (lack <= 0): a score that is not a number must show in the loss
                if (!(lack <= 0)) loss += static_cast<double>(lack);
                if (gradient) gradient[i * outputs + k] = lack > 0 ? -sign * share : T(0);
            }
            return loss;
        });
        return sum / count;
    }
};

/// The multi-class hinge of Crammer and Singer ("On the algorithmic implementation of multiclass kernel-based
/// vector machines", 2001): for the class y of a sample and the best wrong class r,
///
///     loss = mean over the batch of max(0, margin + z_r - z_y),   d loss / dz_r = 1 / batch = -d loss / dz_y
///
/// where it is positive. (PyTorch's multi_margin_loss sums over all wrong classes instead.) Targets are
/// labels; of several best wrong classes the first takes the gradient. Needs at least two outputs.
struct crammer_singer_hinge {
    double margin = 1;

    static constexpr bool accepts_labels = true, accepts_rows = false;

    /// True, or an error of the compiler that says what the network lacks.
    template <shape Output> static constexpr bool fits() {
        static_assert(Output.is_flat() && Output.channels > 1,
                      "crammer_singer_hinge expects a flat output, one score per class and at least two: put "
                      "flatten and dense before it");
        return true;
    }

    /// output (batch, outputs), targets batch labels; writes gradient (batch, outputs) unless it is null.
    /// Throws argument_error, before anything is written, for an empty batch, a wrong number of targets, a
    /// label out of range, fewer than two outputs.
    template <class T, class Target>
    double operator()(const T* output, std::span<const Target> targets, T* gradient, index batch,
                      index outputs) const {
        static_assert(detail::is_label<Target>, "crammer_singer_hinge expects std::int32_t class labels");
        detail::check_targets(targets, batch, outputs);
        if (outputs < 2)
            detail::fail<argument_error>("crammer_singer_hinge needs at least 2 outputs: got ", outputs);
        const auto share = static_cast<T>(1 / static_cast<double>(batch));
        const double sum = detail::sum_rows(batch, outputs, [&](index i) {
            const T* z = output + i * outputs;
            const index right = targets[static_cast<std::size_t>(i)];
            index best = right == 0 ? 1 : 0;
            bool finite = true;
            for (index k = 0; k < outputs; ++k) {
                finite &= std::isfinite(z[k]);
                if (k != right && z[k] > z[best]) best = k;
            }
            const T lack =
                finite ? static_cast<T>(margin) + z[best] - z[right] : std::numeric_limits<T>::quiet_NaN();
            if (gradient) {
                T* dz = gradient + i * outputs;
                std::fill(dz, dz + outputs, T(0));
                if (lack > 0) dz[best] = share, dz[right] = -share;
            }
            return lack <= 0 ? 0.0 : static_cast<double>(lack);
        });
        return sum / static_cast<double>(batch);
    }
};

} // namespace strata
