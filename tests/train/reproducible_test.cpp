// Same seed, same bits: whatever the number of threads.

#include <strata/core/parallel.hpp>
#include <strata/data/batches.hpp>
#include <strata/layers/average_pool2d.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/adam.hpp>
#include <strata/train/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

namespace {

auto digits() {
    auto x = tensor<std::uint8_t, 4>::from_shape({300, 16, 16, 1});
    auto y = tensor<std::uint8_t, 1>::from_shape({300});
    const random_source random{1, 2};
    for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<std::uint8_t>(random.below(i, 256));
    for (std::size_t i = 0; i < y.size(); ++i) y(i) = static_cast<std::uint8_t>(i % 10);
    return data::dataset(std::move(x), std::move(y));
}

using block = sequence<conv2d<conv{.filters = 6, .kernel = 3, .padding = same}>, batch_norm<>, relu>;
using image_net =
    network<input<16, 16, 1>, conv2d<conv{.filters = 6, .kernel = 5, .stride = 1, .padding = same}>, relu,
            max_pool2d<pool{.size = 2}>, residual<block>, dropout, average_pool2d<pool{.size = 2}>, flatten,
            dense<130>, gelu, dropout, dense<10>>;

struct trained {
    image_net net;
    std::vector<double> losses;

    trained(int team, std::uint64_t seed, int steps = 20) {
        const int before = threads();
        threads(team);
        net.initialise(seed);
        trainer worker(net, softmax_cross_entropy{}, adam{.learning_rate = 0.003},
                       {.l2 = 1e-4, .clip_norm = 1, .average = moving_average{}, .seed = seed});
        data::batches source(digits(), {.size = 70, .seed = seed});
        auto batch = source.make<float>();
        for (strata::index step = 0; step < steps; ++step) {
            source.fill(step, batch);
            losses.push_back(worker.step(batch).loss);
        }
        worker.show_average(true);
        threads(before);
    }
    std::vector<float> numbers() const {
        std::vector<float> all(net.values().begin(), net.values().end());
        all.insert(all.end(), net.state().begin(), net.state().end());
        return all;
    }
};

} // namespace

TEST_CASE("twenty training steps give the same bits on 1, 2 and 3 threads") {
    const trained one(1, 5), two(2, 5), three(3, 5);
    CHECK(std::isfinite(one.losses.back()));
    CHECK(one.losses == two.losses);
    CHECK(one.losses == three.losses);
    CHECK(one.numbers() == two.numbers());
    CHECK(one.numbers() == three.numbers());

    auto x = tensor<float, 4>::from_shape({90, 16, 16, 1});
    x.fill(0.5f);
    const int before = threads();
    threads(1);
    const auto alone = one.net.predict(x);
    threads(3);
    const auto together = one.net.predict(x);
    threads(before);
    CHECK(alone == together);
}

TEST_CASE("another seed trains another network") {
    const trained a(2, 5, 3), b(2, 6, 3);
    CHECK(a.losses != b.losses);
    CHECK(a.numbers() != b.numbers());
}

TEST_CASE("training changes every parameter and leaves zeros between them") {
    const trained run(2, 5);
    image_net start;
    start.initialise(5);
    auto rest = std::vector<float>(run.net.values().begin(), run.net.values().end());
    for (const auto& s : image_net::spans()) {
        const auto begin = static_cast<std::size_t>(s.begin), size = static_cast<std::size_t>(s.size);
        int changed = 0;
        for (std::size_t i = begin; i < begin + size; ++i) changed += rest[i] != start.values()[i];
        CHECK(changed > 0);
        std::fill_n(rest.begin() + s.begin, s.size, 0.f);
    }
    CHECK(rest == std::vector<float>(rest.size()));
    auto gradients = std::vector<float>(run.net.gradients().begin(), run.net.gradients().end());
    for (const auto& s : image_net::spans()) std::fill_n(gradients.begin() + s.begin, s.size, 0.f);
    CHECK(gradients == std::vector<float>(gradients.size()));
}
