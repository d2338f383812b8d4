#include <strata/core/error.hpp>
#include <strata/data/batches.hpp>
#include <strata/data/prefetch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "files.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::data;

namespace {

dataset<> bytes(std::size_t n) {
    auto x = tensor<std::uint8_t, 4>::from_shape({n, 3, 3, 1});
    auto y = tensor<std::uint8_t, 1>::from_shape({n});
    for (std::size_t i = 0; i < 9 * n; ++i) x.data()[i] = static_cast<std::uint8_t>(i);
    for (std::size_t i = 0; i < n; ++i) y(i) = static_cast<std::uint8_t>(i % 10);
    return {std::move(x), std::move(y)};
}

/// Batches of one number, the step; fails at `bad_step`, if it has one, and takes its time.
struct counting {
    strata::index bad_step = -1;
    std::chrono::milliseconds pause{0};
    std::atomic<int>* filled = nullptr;

    template <class T> batch<T, std::int32_t> make() const { return {1, {1, 1, 1}}; }
    template <class T> void fill(strata::index step, batch<T, std::int32_t>& to) {
        std::this_thread::sleep_for(pause);
        if (step == bad_step) throw argument_error("step " + std::to_string(step));
        to.x[0] = static_cast<T>(step);
        to.size = 1;
        if (filled) ++*filled;
    }
};

} // namespace

TEST_CASE("a prefetcher hands out what the batches would", "[prefetch]") {
    const strata::index from = GENERATE(0, 1, 17);
    batches source(bytes(53), {.size = 8, .seed = 5});
    auto expected = source.make<float>();
    auto ahead = prefetch<float>(source, from);
    for (strata::index k = from; k < from + 40; ++k) {
        source.fill(k, expected);
        const auto& b = ahead.next();
        INFO("step " << k);
        REQUIRE(b.size == expected.size);
        REQUIRE(std::equal(b.x.begin(), b.x.begin() + 9 * b.size, expected.x.begin()));
        REQUIRE(std::equal(b.targets.begin(), b.targets.begin() + b.size, expected.targets.begin()));
    }
}

TEST_CASE("a batch stays as it is until the next one is asked for", "[prefetch]") {
    auto ahead = prefetch<double>(counting{});
    std::set<const void*> places;
    for (strata::index k = 0; k < 20; ++k) {
        const auto& b = ahead.next();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        REQUIRE(b.x[0] == static_cast<double>(k));
        places.insert(b.x.data());
    }
    CHECK(places.size() == 2);
}

TEST_CASE("the next batch is prepared while this one is in use", "[prefetch]") {
    std::atomic<int> filled{0};
    auto ahead = prefetch<float>(counting{.filled = &filled});
    ahead.next();
    for (int tries = 0; tries < 5'000 && filled < 2; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK(filled == 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(filled == 2); // and no further: there are two batches only
}

TEST_CASE("what the source throws comes out at its step, and again", "[prefetch]") {
    auto ahead = prefetch<float>(counting{.bad_step = 12}, 10);
    CHECK(ahead.next().x[0] == 10);
    CHECK(ahead.next().x[0] == 11);
    for (int again = 0; again < 3; ++again)
        CHECK(message_of<argument_error>([&] { ahead.next(); }) == "step 12");
}

TEST_CASE("a prefetcher can be left at any time", "[prefetch]") {
    const auto take = GENERATE(0, 1, 2, 3);
    const auto pause = std::chrono::milliseconds(GENERATE(0, 20));
    std::atomic<int> filled{0};
    {
        auto ahead = prefetch<float>(counting{.pause = pause, .filled = &filled});
        for (int i = 0; i < take; ++i) ahead.next();
    }
    CHECK(filled >= take);
    CHECK(filled <= take + 1);
    { auto failing = prefetch<float>(counting{.bad_step = 0, .pause = pause}); }
}

TEST_CASE("what a batch cannot hold is told by next()", "[prefetch]") {
    auto ahead = prefetch<float>(batches(bytes(5), {.size = 2}), -1);
    CHECK(message_of<argument_error>([&] { ahead.next(); }) == "batch -1 asked for, the first is 0");
}
