#pragma once

#include <csignal>

namespace strata {

/// While it lives, the first Ctrl-C (SIGINT) only sets a flag, for a loop to end in its own time; the second
/// ends the program as if this had never been. The handler that was there before is back when it dies.
class interrupt_guard {
public:
    interrupt_guard() {
        flag() = 0;
        m_before = std::signal(SIGINT, [](int) {
            flag() = 1;
            std::signal(SIGINT, SIG_DFL);
        });
    }
    ~interrupt_guard() { std::signal(SIGINT, m_before == SIG_ERR ? SIG_DFL : m_before); }
    interrupt_guard(const interrupt_guard&) = delete;
    interrupt_guard& operator=(const interrupt_guard&) = delete;

    /// Whether Ctrl-C was pressed.
    bool requested() const { return flag() != 0; }

private:
    using handler = void (*)(int);
    handler m_before;

    static volatile std::sig_atomic_t& flag() {
        static volatile std::sig_atomic_t pressed = 0;
        return pressed;
    }
};

} // namespace strata
