#include <strata/train/interrupt.hpp>

#include <csignal>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "support/catch.hpp"

using namespace strata;

namespace {

volatile std::sig_atomic_t caught = 0;

/// How a child process ends that runs `act`: its exit status, or minus the signal that ended it.
template <class Act> int outcome(const Act& act) {
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGINT, SIG_DFL); // the test program has a handler of its own
        act();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace

TEST_CASE("the first Ctrl-C sets a flag, and the handler before it comes back", "[interrupt]") {
    std::signal(SIGINT, [](int) { caught = caught + 1; });
    caught = 0;
    {
        const interrupt_guard guard;
        CHECK_FALSE(guard.requested());
        std::raise(SIGINT);
        CHECK(guard.requested());
        CHECK(caught == 0);
    }
    std::raise(SIGINT);
    CHECK(caught == 1);
    CHECK_FALSE(interrupt_guard{}.requested()); // a new one starts over
    std::signal(SIGINT, SIG_DFL);
}

TEST_CASE("the second Ctrl-C ends the program", "[interrupt]") {
    CHECK(outcome([] {
              const interrupt_guard guard;
              std::raise(SIGINT);
          })
          == 0);
    CHECK(outcome([] {
              const interrupt_guard guard;
              std::raise(SIGINT);
              std::raise(SIGINT);
          })
          == -SIGINT);
    CHECK(outcome([] {
              { const interrupt_guard guard; }
              std::raise(SIGINT);
          })
          == -SIGINT);
}

TEST_CASE("an ignored Ctrl-C stays ignored", "[interrupt]") {
    std::signal(SIGINT, SIG_IGN);
    {
        const interrupt_guard guard;
        std::raise(SIGINT);
        CHECK_FALSE(guard.requested());
    }
    CHECK(std::signal(SIGINT, SIG_DFL) == SIG_IGN);
}

TEST_CASE("guards nest, and the inner one does not forget", "[interrupt]") {
    std::signal(SIGINT, [](int) { caught = caught + 1; });
    caught = 0;
    {
        const interrupt_guard outer;
        std::raise(SIGINT);
        {
            const interrupt_guard inner;
            CHECK(inner.requested());
        }
        CHECK(outer.requested());
    }
    std::raise(SIGINT);
    CHECK(caught == 1);
    std::signal(SIGINT, SIG_DFL);
}

TEST_CASE("guards in two threads may end in any order", "[interrupt]") {
    std::signal(SIGINT, [](int) { caught = caught + 1; });
    caught = 0;
    std::optional<interrupt_guard> first, second;
    first.emplace();
    std::thread([&] { second.emplace(); }).join();
    first.reset();
    std::raise(SIGINT);
    CHECK(second->requested());
    CHECK(caught == 0);
    second.reset();
    std::raise(SIGINT);
    CHECK(caught == 1);
    std::signal(SIGINT, SIG_DFL);
}
