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
#include "support/runnable.hpp"

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
template <class T> void randomise(runnable<T>& net, std::uint64_t seed) {
    for (const auto& p : net.parameters) {
        const std::string name{std::string_view(p.name)};
        if (name.find("updates") != std::string::npos) continue;
        const bool positive = p.kind == kind::scale || name.find("variance") != std::string::npos;
        const auto drawn = random_values(p.sizes.size(), seed++, positive ? 0.5 : -0.6, positive ? 1.5 : 0.6);
        const auto flat = is_trainable(p.kind) ? net.values : net.state;
        std::transform(drawn.begin(), drawn.end(), flat.begin() + p.offset,
                       [](double v) { return static_cast<T>(v); });
    }
}
template <class Network> void randomise(Network& net, std::uint64_t seed) {
    running<Network> r(net);
    randomise(static_cast<runnable<typename Network::value_type>&>(r), seed);
}

/// Holds the gradients of a network in double, of its parameters and its input, against central differences
/// of sum_i r_i y_i in training mode, r random. Gradients and dx are poisoned first; a comparison in which
/// every gradient of an array is zero fails.
inline void check_gradients(runnable<double>& net, const gradient_options& o) {
    constexpr double poison = std::numeric_limits<double>::quiet_NaN();
    randomise(net, o.seed);
    auto x = random_values(o.batch * net.input_size, o.seed + 1'000, o.low, o.high);
    const auto r = random_values(o.batch * net.output_size, o.seed + 2'000, 0.2, 1.2);
    std::vector<double> y(r.size()), dx(x.size(), poison);
    workspace room;
    const random_source random{o.seed, 0, 5};

    const auto loss = [&] {
        net.forward_training(x.data(), y.data(), o.batch, room, random);
        double sum = 0;
        for (std::size_t i = 0; i < r.size(); ++i) sum += r[i] * y[i];
        return sum;
    };
    const auto trained = [&](const auto& f) {
        for (const auto& p : net.parameters)
            if (is_trainable(p.kind)) f(p, net.gradients.data() + p.offset, p.sizes.size());
    };
    const auto poison_gradients = [&] {
        trained([&](const auto&, double* g, index size) { std::fill_n(g, size, poison); });
    };
    loss();
    poison_gradients();
    net.backward(x.data(), y.data(), r.data(), dx.data(), o.batch, room, random);
    const std::vector<double> gradients(net.gradients.begin(), net.gradients.end());

    loss(); // without an input gradient the others are the same
    poison_gradients();
    net.backward(x.data(), y.data(), r.data(), nullptr, o.batch, room, random);
    trained([&](const parameter_entry& p, const double* g, index size) {
        INFO(std::string_view(p.name) << " without an input gradient");
        CHECK(std::equal(g, g + size, gradients.data() + p.offset));
    });

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
    trained([&](const parameter_entry& p, const double*, index size) {
        compare(std::string(std::string_view(p.name)), net.values.data() + p.offset,
                gradients.data() + p.offset, size);
    });
    if (o.check_input) compare("input", x.data(), dx.data(), static_cast<index>(x.size()));
}
template <class Network> void check_gradients(Network& net, const gradient_options& o = {}) {
    static_assert(std::is_same_v<typename Network::value_type, double>, "gradients are checked in double");
    running<Network> r(net);
    check_gradients(static_cast<runnable<double>&>(r), o);
}

} // namespace strata::testing
