#pragma once

#include <atomic>
#include <csignal>
#include <mutex>

namespace strata {

/// While one lives, the first Ctrl-C (SIGINT) only sets a flag, for a loop to end in its own time; the second
/// ends the program as if this had never been. What SIGINT did before is back when the last guard dies: they
/// may be nested and may live in several threads, all of which see the flag. Where SIGINT is ignored, as
/// under nohup, it stays so.
class interrupt_guard {
public:
    interrupt_guard() {
        shared_state& shared = state();
        const std::lock_guard lock(shared.mutex);
        if (shared.guards++ > 0) return;
        pressed = false;
        struct sigaction action {};
        action.sa_handler = [](int) { pressed = true; };
        action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
        sigemptyset(&action.sa_mask);
        sigaction(SIGINT, nullptr, &shared.before);
        const bool ignored =
            (shared.before.sa_flags & SA_SIGINFO) == 0 && shared.before.sa_handler == SIG_IGN;
        if (!ignored) sigaction(SIGINT, &action, nullptr);
    }
    ~interrupt_guard() {
        shared_state& shared = state();
        const std::lock_guard lock(shared.mutex);
        if (--shared.guards == 0) sigaction(SIGINT, &shared.before, nullptr);
    }
    interrupt_guard(const interrupt_guard&) = delete;
    interrupt_guard& operator=(const interrupt_guard&) = delete;

    /// Whether Ctrl-C was pressed since the first of the guards that live now.
    bool requested() const { return pressed; }

private:
    struct shared_state {
        std::mutex mutex;
        int guards = 0;
        struct sigaction before {};
    };
    static shared_state& state() {
        static shared_state shared;
        return shared;
    }

    static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler needs a lock-free flag");
    static inline std::atomic<bool> pressed = false;
};

} // namespace strata
