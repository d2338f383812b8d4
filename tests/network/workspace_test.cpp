#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/sigmoid.hpp>
#include <strata/network/network.hpp>
#include <strata/network/workspace.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

using namespace strata;

namespace {

using wide = network<input_of<double, 5>, dense<40>, relu, dense<30>, sigmoid, dense<3>>;
using narrow = network<input_of<double, 5>, dense<4>, dropout, dense<3>>;

/// The gradients of one step.
template <class Network> std::vector<double> step(Network& net, strata::index batch, workspace& room) {
    const auto x = testing::random_values(batch * 5, 1), dy = testing::random_values(batch * 3, 2);
    std::vector<double> y(static_cast<std::size_t>(batch * 3));
    net.forward_training(x.data(), y.data(), batch, room, {1, 0, 2});
    net.backward(x.data(), y.data(), dy.data(), nullptr, batch, room, {1, 0, 2});
    return {net.gradients().begin(), net.gradients().end()};
}
template <class Network> std::vector<double> infer(const Network& net, strata::index batch, workspace& room) {
    const auto x = testing::random_values(batch * 5, 1);
    std::vector<double> y(static_cast<std::size_t>(batch * 3));
    net.forward(x.data(), y.data(), batch, room);
    return y;
}
template <class Network> std::vector<double> fresh_step(Network& net, strata::index batch) {
    workspace room;
    return step(net, batch, room);
}

} // namespace

TEST_CASE("one workspace serves two networks in turn, in training and inference, in any batch size") {
    wide a;
    narrow b;
    workspace shared;
    for (const strata::index batch : {3, 1, 17, 2, 64, 5, 64, 1}) {
        INFO("batch " << batch);
        CHECK(step(a, batch, shared) == fresh_step(a, batch));
        CHECK(step(b, batch + 1, shared) == fresh_step(b, batch + 1));
        workspace alone;
        CHECK(infer(a, batch, shared) == infer(a, batch, alone));
        CHECK(infer(b, batch, shared) == infer(b, batch, alone));
    }
}

TEST_CASE("a workspace grows once, and stays as large as its largest run") {
    wide net;
    workspace room;
    CHECK(room.size() == 0);
    CHECK(room.last().batch == 0);
    step(net, 64, room);
    const auto size = room.size();
    CHECK(size == wide::memory({.batch = 64, .threads = threads(), .training = true}));
    const void* const place = room.room({1, 1, true}, 1, 1).memory;
    step(net, 3, room);
    step(net, 64, room);
    infer(net, 10, room);
    CHECK(room.size() == size);
    CHECK(room.room({1, 1, true}, 1, 1).memory == place);
    step(net, 65, room);
    CHECK(room.size() > size);
}

TEST_CASE("a workspace hands out aligned memory") {
    workspace room;
    const pass p = room.room({3, 2, true}, 100, 1);
    CHECK(reinterpret_cast<std::uintptr_t>(p.memory) % static_cast<std::uintptr_t>(alignment) == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(p.scratch) % static_cast<std::uintptr_t>(alignment) == 0);
    CHECK(p.batch == 3);
    CHECK(p.threads == 2);
    CHECK(p.training);
    CHECK(room.last().batch == 3);
    CHECK(p.scratch == p.memory + 128);
    CHECK(room.size() == 129);
    room.room({3, 2, true}, 101, 2); // one byte more is not there yet
    CHECK(room.size() == 130);
    room.room({3, 2, true}, 1, 66);
    CHECK(room.size() == 130);
}

TEST_CASE("training memory grows with the batch, and inference takes less than training") {
    constexpr auto training = [](strata::index batch) {
        return wide::memory({.batch = batch, .threads = 1, .training = true});
    };
    static_assert(training(64) > 60 * (40 + 30) * 8);
    static_assert(training(64) < 64 * (40 + 30 + 2 * 40) * 8
                                     + 16384); // activations, two deltas, weights as kernels read them
    static_assert(wide::memory({.batch = 64}) < 64 * (40 + 40) * 8 + 16384);
    CHECK(training(1) < training(10));
}
