#pragma once

#include <strata/core/random.hpp>
#include <strata/network/network.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

namespace strata::testing {

/// How gradients are compared.
struct gradient_options {
    index batch = 2;
    double step = 1e-5;      ///< h of the central difference
    double tolerance = 2e-7; ///< of |analytic - numeric| against 1 + |numeric|
    index most = 400;        ///< elements looked at per array, spread over it
    std::uint64_t seed = 1;
    double low = -1, high = 1; ///< of the random input
    bool check_input = true;
};

/// `count` uniform numbers in low .. high.
inline std::vector<double> random_values(index count, std::uint64_t seed, double low = -1, double high = 1) {
    std::vector<double> values(static_cast<std::size_t>(count));
    const random_source random{seed, 77};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = low + (high - low) * random.uniform(i);
    return values;
}

/// Every trainable parameter and the state drawn anew, so that no bias is 0 and no scale 1; scales and
/// variances stay positive.
template <class Network> void randomise(Network& net, std::uint64_t seed) {
    for (const auto& p : net.parameter_table) {
        const std::string name{std::string_view(p.name)};
        if (name.find("updates") != std::string::npos) continue;
        const bool positive = p.kind == kind::scale || name.find("variance") != std::string::npos;
        const auto drawn = random_values(p.sizes.size(), seed++, positive ? 0.5 : -0.6, positive ? 1.5 : 0.6);
        auto flat = is_trainable(p.kind) ? net.values() : net.state();
        std::transform(drawn.begin(), drawn.end(), flat.begin() + p.offset,
                       [](double v) { return static_cast<typename Network::value_type>(v); });
    }
}

/// Holds the gradients of a network in double, of its parameters and its input, against central differences
/// of sum_i r_i y_i in training mode, r random. Gradients and dx are poisoned first; a comparison in which
/// every gradient of an array is zero fails.
template <class Network> void check_gradients(Network& net, const gradient_options& o = {}) {
    static_assert(std::is_same_v<typename Network::value_type, double>, "gradients are checked in double");
    constexpr double poison = std::numeric_limits<double>::quiet_NaN();
    constexpr index in = Network::input_size, out = Network::output_size;
    randomise(net, o.seed);
    auto x = random_values(o.batch * in, o.seed + 1'000, o.low, o.high);
    const auto r = random_values(o.batch * out, o.seed + 2'000, 0.2, 1.2);
    std::vector<double> y(r.size()), dx(x.size(), poison);
    workspace room;
    const random_source random{o.seed, 0, 5};

    const auto loss = [&] {
        net.forward_training(x.data(), y.data(), o.batch, room, random);
        double sum = 0;
        for (std::size_t i = 0; i < r.size(); ++i) sum += r[i] * y[i];
        return sum;
    };
    loss();
    for (const auto& s : Network::spans()) std::fill_n(net.gradients().begin() + s.begin, s.size, poison);
    net.backward(x.data(), y.data(), r.data(), dx.data(), o.batch, room, random);
    const std::vector<double> gradients(net.gradients().begin(), net.gradients().end());

    if (Network::parameter_count > 0) { // without an input gradient the others are the same
        for (const auto& s : Network::spans()) std::fill_n(net.gradients().begin() + s.begin, s.size, poison);
        loss();
        net.backward(x.data(), y.data(), r.data(), nullptr, o.batch, room, random);
        for (const auto& s : Network::spans())
            CHECK(std::equal(gradients.begin() + s.begin, gradients.begin() + s.begin + s.size,
                             net.gradients().begin() + s.begin));
    }

    const auto compare = [&](const std::string& what, double* values, const double* analytic, index count) {
        const index stride = std::max<index>(1, count / o.most);
        bool all_zero = true;
        for (index i = 0; i < count; i += stride) {
            const double kept = values[i];
            values[i] = kept + o.step;
            const double above = loss();
            values[i] = kept - o.step;
            const double below = loss();
            values[i] = kept;
            const double numeric = (above - below) / (2 * o.step);
            all_zero = all_zero && analytic[i] == 0;
            INFO(what << ", element " << i << ": backward says " << analytic[i] << ", differences say "
                      << numeric);
            REQUIRE(std::abs(analytic[i] - numeric) <= o.tolerance * (1 + std::abs(numeric)));
        }
        INFO(what << ": every gradient is zero");
        REQUIRE_FALSE(all_zero);
    };
    for (const auto& p : net.parameter_table)
        if (is_trainable(p.kind))
            compare(std::string(std::string_view(p.name)), net.values().data() + p.offset,
                    gradients.data() + p.offset, p.sizes.size());
    if (o.check_input) compare("input", x.data(), dx.data(), static_cast<index>(x.size()));
}

} // namespace strata::testing
