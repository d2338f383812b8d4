#pragma once

#include <concepts>
#include <optional>
#include <type_traits>

// How `fit` calls its callbacks. A callback is any object with some of begin, step, epoch, end and failed,
// each taking the run, or a function of the run, which is called after every step; std::optional of one,
// which may be empty. Those with `static constexpr bool reports = true` come behind the others, so that they
// have everything to tell.

namespace strata::detail {

// The members of a callback, which has those it cares for.
struct on_begin {
    auto operator()(auto& c, auto& run) const -> decltype(c.begin(run)) { return c.begin(run); }
};
struct on_step {
    auto operator()(auto& c, auto& run) const -> decltype(c.step(run)) { return c.step(run); }
    auto operator()(auto& c, auto& run) const -> decltype(c(run)) { return c(run); }
};
struct on_epoch {
    auto operator()(auto& c, auto& run) const -> decltype(c.epoch(run)) { return c.epoch(run); }
};
struct on_end {
    auto operator()(auto& c, auto& run) const -> decltype(c.end(run)) { return c.end(run); }
};
struct on_failed {
    auto operator()(auto& c, auto& run) const -> decltype(c.failed(run)) { return c.failed(run); }
};

template <class C> inline constexpr bool is_optional = false;
template <class C> inline constexpr bool is_optional<std::optional<C>> = true;
template <class C> inline constexpr bool is_optional<const std::optional<C>> = true;

template <class C> constexpr bool is_reporter() {
    if constexpr (is_optional<C>)
        return is_reporter<typename C::value_type>();
    else if constexpr (requires { C::reports; })
        return C::reports;
    else
        return false;
}
template <class C, class Run, class... Members>
inline constexpr bool has_any_of = (std::invocable<Members, C&, Run&> || ...);

template <class C, class Run> constexpr bool is_callback() {
    if constexpr (is_optional<C>)
        return is_callback<typename C::value_type, Run>();
    else
        return has_any_of<C, Run, on_begin, on_step, on_epoch, on_end, on_failed>;
}

template <class Member, class C, class Run> void notify(const Member& member, C& callback, Run& run) {
    if constexpr (is_optional<C>) {
        if (callback) notify(member, *callback, run);
    } else if constexpr (std::invocable<const Member&, C&, Run&>) {
        member(callback, run);
    } else {
        static_assert(!std::invocable<const Member&, std::remove_const_t<C>&, Run&>,
                      "fit: this callback is const, but changes when it is called");
    }
}
template <bool Reporters, class Member, class Run, class... Callbacks>
void notify_those(const Member& member, Run& run, Callbacks&... callbacks) {
    [[maybe_unused]] const auto one = [&]<class C>(C& callback) {
        if constexpr (is_reporter<std::remove_const_t<C>>() == Reporters) notify(member, callback, run);
    };
    (one(callbacks), ...);
}
template <class Member, class Run, class... Callbacks>
void notify_all(const Member& member, Run& run, Callbacks&... callbacks) {
    notify_those<false>(member, run, callbacks...);
    notify_those<true>(member, run, callbacks...);
}

} // namespace strata::detail
