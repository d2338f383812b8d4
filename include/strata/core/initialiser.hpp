#pragma once

#include <variant>

namespace strata {

/// He for a layer that feeds a rectifier, Glorot otherwise: the network looks at the next activation.
struct automatic {};
struct constant {
    float value = 0;
};
struct normal {
    float deviation = 1, mean = 0;
};
/// Normal, redrawn beyond two standard deviations. `deviation` is the one before truncation, as TensorFlow's.
struct truncated_normal {
    float deviation = 1, mean = 0;
};
struct uniform {
    float low = -1, high = 1;
};
/// Glorot and Bengio, 2010: variance 2 / (fan_in + fan_out).
struct glorot_normal {};
struct glorot_uniform {};
/// He et al., 2015: variance 2 / fan_in.
struct he_normal {};
struct he_uniform {};
/// LeCun et al., 1998: variance 1 / fan_in.
struct lecun_normal {};
struct lecun_uniform {};
/// Saxe et al., 2014: the parameter as a matrix (all but the last extent, last extent) has orthonormal rows
/// or columns, times `gain`.
struct orthogonal {
    float gain = 1;
};

/// How a parameter gets its first values.
using initialiser =
    std::variant<automatic, constant, normal, truncated_normal, uniform, glorot_normal, glorot_uniform,
                 he_normal, he_uniform, lecun_normal, lecun_uniform, orthogonal>;

} // namespace strata
