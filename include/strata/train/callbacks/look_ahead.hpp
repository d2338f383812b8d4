#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/optim/schedule.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace strata {

/// Every few steps slow weights follow the parameters, which then begin again from them (Zhang et al.,
/// "Lookahead optimizer: k steps forward, 1 step back", 2019):
///
///     slow += rate (w - slow),   w = slow
///
/// `T` is the network's number type. The slow weights begin as a copy of the parameters of the run, and are
/// what the run ends with. Throws argument_error for `every` below 1, or a rate that is not in 0 .. 1.
template <class T = float> struct look_ahead {
    index every = 5;     ///< steps
    schedule rate = 0.5; ///< as a function of the steps done

    std::vector<T> slow{};

    template <class Run> void begin(Run& run) {
        static_assert(std::is_same_v<T, typename std::remove_cvref_t<decltype(run.trainer)>::T>,
                      "look_ahead<T>: T must be the network's number type");
        if (every < 1)
            detail::fail<argument_error>("look_ahead: every ", every, " steps, at least 1 is needed");
        const auto now = run.trainer.parameters();
        slow.assign(now.begin(), now.end());
    }
    template <class Run> void step(Run& run) {
        if (run.step() % every != 0) return;
        const double asked = rate(run.step());
        if (!(asked >= 0 && asked <= 1))
            detail::fail<argument_error>("look_ahead: rate must be in 0 .. 1, got ", asked, " after step ",
                                         run.step());
        const auto now = run.trainer.parameters();
        const T part = static_cast<T>(asked);
        for (std::size_t i = 0; i < slow.size(); ++i) slow[i] = (1 - part) * slow[i] + part * now[i];
        std::copy(slow.begin(), slow.end(), now.begin());
    }
    template <class Run> void end(Run& run) {
        std::copy(slow.begin(), slow.end(), run.trainer.parameters().begin());
    }
};

} // namespace strata
