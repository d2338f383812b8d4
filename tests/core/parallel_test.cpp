#include <strata/core/parallel.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace strata {
namespace {

struct restore_threads {
    int before = threads();
    ~restore_threads() { threads(before); }
};

struct piece {
    index begin, end;
    friend bool operator==(const piece&, const piece&) = default;
};

/// Waits for another thread; false if that takes so long that it will never come.
template <class Condition> bool wait_until(const Condition& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    return holds();
}

} // namespace

TEST_CASE("the number of threads is at least one") {
    const restore_threads restore;
    CHECK(threads() >= 1);
    threads(3);
    CHECK(threads() == 3);
    threads(0);
    CHECK(threads() == 1);
    threads(-4);
    CHECK(threads() == 1);
}

TEST_CASE("chunks cover everything once, and are the same for any number of threads") {
    const restore_threads restore;
    STATIC_REQUIRE(chunk_count(0, 5) == 0);
    STATIC_REQUIRE(chunk_count(10, 5) == 2);
    STATIC_REQUIRE(chunk_count(11, 5) == 3);
    for (const index count : {0, 1, 4, 5, 6, 100, 101})
        for (const index grain : {1, 5, 1000}) {
            std::vector<piece> expected;
            for (index i = 0; i < count; i += grain) expected.push_back({i, std::min(count, i + grain)});
            for (const int team : {1, 2, 7}) {
                threads(team);
                std::vector<piece> seen(expected.size(), {-1, -1});
                std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
                std::atomic<bool> workers_in_range{true};
                parallel_chunks(count, grain, team, [&](int worker, index chunk, index begin, index end) {
                    if (worker < 0 || worker >= team) workers_in_range = false;
                    seen[static_cast<std::size_t>(chunk)] = {begin, end};
                    for (index i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
                });
                CAPTURE(count, grain, team);
                CHECK(seen == expected);
                CHECK(workers_in_range);
                for (const auto& v : visits) REQUIRE(v == 1);
            }
        }
}

TEST_CASE("a loop uses no more workers than it was given scratch memory for") {
    const restore_threads restore;
    threads(8);
    std::atomic<int> highest{0};
    parallel_chunks(100, 1, 2, [&](int worker, index, index, index) {
        int seen = highest;
        while (worker > seen && !highest.compare_exchange_weak(seen, worker)) {}
    });
    CHECK(highest < 2);
}

TEST_CASE("several threads really run") {
    const restore_threads restore;
    threads(2);
    std::array<std::thread::id, 2> ids;
    std::atomic<int> begun{0};
    parallel_chunks(2, 1, 2, [&](int, index chunk, index, index) {
        ids[static_cast<std::size_t>(chunk)] = std::this_thread::get_id();
        ++begun;
        wait_until([&] { return begun == 2; });
    });
    CHECK(begun == 2);
    CHECK(ids[0] != ids[1]);
}

TEST_CASE("threads that are done help with the chunks of others") {
    const restore_threads restore;
    for (const int team : {2, 3}) {
        threads(team);
        std::atomic<int> others{0};
        bool all_done = false;
        parallel_chunks(40, 1, team, [&](int, index chunk, index, index) {
            if (chunk == 0)
                all_done = wait_until([&] { return others == 39; });
            else
                ++others;
        });
        CHECK(all_done);
    }
}

TEST_CASE("more threads than shares of a loop do no chunk twice and none too few") {
    const restore_threads restore;
    threads(70);
    std::vector<std::atomic<int>> visits(1'000);
    parallel_for(1'000, 3, [&](index begin, index end) {
        for (index i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
    });
    CHECK(std::all_of(visits.begin(), visits.end(), [](const auto& v) { return v == 1; }));
}

TEST_CASE("loops with little work stay on the calling thread") {
    const restore_threads restore;
    threads(3);
    CHECK(workers_for(least_parallel_work) == 3);
    CHECK(workers_for(least_parallel_work - 1) == 1);
    CHECK(workers_for(work_of_elements(1'000'000)) == 3);
    CHECK(workers_for(work_of_elements(1'000)) == 1);
    CHECK(workers_for(work_of_multiply_adds(1 << 22), 2) == 2);
    CHECK(workers_for(work_of_multiply_adds(1 << 16), 2) == 1);
    bool stays = true;
    const auto self = std::this_thread::get_id();
    parallel_for(
        20, 1, [&](index, index) { stays = stays && std::this_thread::get_id() == self; }, workers_for(1));
    CHECK(stays);
}

TEST_CASE("a loop inside a loop runs on the calling thread, as worker 0") {
    const restore_threads restore;
    threads(4);
    std::atomic<int> total{0};
    std::atomic<bool> stays{true};
    parallel_for(8, 1, [&](index, index) {
        const auto self = std::this_thread::get_id();
        parallel_chunks(10, 3, 4, [&](int worker, index, index begin, index end) {
            if (worker != 0 || std::this_thread::get_id() != self) stays = false;
            total += static_cast<int>(end - begin);
        });
    });
    CHECK(total == 80);
    CHECK(stays);

    // and the team is free again afterwards
    std::set<int> workers;
    std::array<int, 4> worker_of{};
    std::atomic<int> begun{0};
    parallel_chunks(4, 1, 4, [&](int worker, index chunk, index, index) {
        worker_of[static_cast<std::size_t>(chunk)] = worker;
        ++begun;
        wait_until([&] { return begun == 4; });
    });
    workers.insert(worker_of.begin(), worker_of.end());
    CHECK(workers.size() == 4);
}

TEST_CASE("two threads may run loops at the same time") {
    const restore_threads restore;
    threads(2);
    const auto work = [](index& result) {
        for (int round = 0; round < 200; ++round) {
            std::array<index, 16> partial{};
            parallel_for(160, 10, [&](index begin, index end) {
                for (index i = begin; i < end; ++i) partial[static_cast<std::size_t>(begin / 10)] += i;
            });
            index sum = 0;
            for (const index p : partial) sum += p;
            result += sum;
        }
    };
    index first = 0, second = 0;
    std::thread other([&] { work(second); });
    work(first);
    other.join();
    CHECK(first == 200 * (160 * 159 / 2));
    CHECK(second == first);
}

} // namespace strata
