#pragma once

#include <strata/loss/loss.hpp>

namespace strata {

/// Mean over batch and outputs of (z - y)²; d loss / dz = 2 (z - y) / (batch outputs). The mean over the
/// outputs too is PyTorch's and Keras' convention. Targets are rows of numbers.
struct mean_squared_error {
    static constexpr bool accepts_labels = false, accepts_rows = true;

    /// Any output will do: the error is taken element by element.
    template <shape> static constexpr bool fits() { return true; }

    /// output and targets (batch, outputs); writes gradient (batch, outputs) unless it is null. Throws
    /// argument_error, before anything is written, for an empty batch or a wrong number of targets.
    template <class T, class Target>
    double operator()(const T* output, std::span<const Target> targets, T* gradient, index batch,
                      index outputs) const {
        static_assert(
            std::is_same_v<Target, T>,
            "mean_squared_error expects rows of the network's own type as targets, not class labels");
        detail::check_targets(targets, batch, outputs);
        const double count = static_cast<double>(batch) * static_cast<double>(outputs);
        const auto scale = static_cast<T>(2 / count);
        const T* const y = targets.data();
        const double sum = detail::sum_vectors<T>(batch * outputs, [=](index i, auto... n) {
            const auto difference = detail::load(output + i, n...) - detail::load(y + i, n...);
            if (gradient) detail::store(gradient + i, difference * detail::vector_of<T>(scale), n...);
            return difference * difference;
        });
        return sum / count;
    }
};

} // namespace strata
