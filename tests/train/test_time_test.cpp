#include <strata/core/error.hpp>
#include <strata/data/transforms/image.hpp>
#include <strata/data/transforms/standardise.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/relu.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/train/callbacks/evaluate_on.hpp>
#include <strata/train/evaluate.hpp>
#include <strata/train/fit.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "data/transforms/images.hpp"
#include "samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

constexpr shape sample{5, 7, 3};

auto some_network() {
    return network{input_of<double, 5, 7, 3>{}, flatten{}, dense<6>{}, relu{}, dense<4>{}};
}

struct shown {
    strata::index moved; ///< down and right
    bool flipped;
    double weight;
};

/// Loss and accuracy of the averaged outputs of the views, sample by sample, through network::forward.
template <class Network, class Dataset>
evaluation by_hand(const Network& net, const Dataset& data, const std::vector<shown>& views,
                   padding_mode mode) {
    data::batches source(data, {.size = data.size(), .shuffle = false});
    auto batch = source.template make<double>();
    source.fill(0, batch);
    workspace room;
    evaluation found;
    const softmax_cross_entropy loss;
    for (strata::index i = 0; i < batch.size; ++i) {
        std::vector<double> mean(4), y(4), x(105);
        for (const shown& v : views) {
            detail::shift(batch.x.data() + 105 * i, x.data(), sample, v.moved, v.moved, mode);
            if (v.flipped) detail::mirror(x.data(), sample);
            net.forward(x.data(), y.data(), 1, room);
            for (std::size_t k = 0; k < 4; ++k) mean[k] += v.weight * y[k];
        }
        const std::int32_t truth = batch.targets[i];
        found.loss += loss(static_cast<const double*>(mean.data()), std::span(&truth, 1),
                           static_cast<double*>(nullptr), 1, 4)
                      / static_cast<double>(batch.size);
        found.errors += std::max_element(mean.begin(), mean.end()) - mean.begin() != truth;
    }
    return found;
}

} // namespace

TEST_CASE("evaluate averages the outputs of the views that it is asked for", "[test_time]") {
    const auto net = some_network();
    const auto images = noise(53, sample);
    const auto data = images.with(standardise::of(images));
    const padding_mode mode = GENERATE(padding_mode::zero, padding_mode::reflect);
    const auto check = [&](const test_time& augment, const std::vector<shown>& views) {
        const evaluation expected = by_hand(net, data, views, mode);
        for (const strata::index batch : {53, 8}) {
            const evaluation e =
                evaluate(net, data, softmax_cross_entropy{}, {.batch_size = batch, .augment = augment});
            CHECK(e.loss == Approx(expected.loss).epsilon(1e-12));
            CHECK(e.errors == expected.errors);
            CHECK(e.samples == 53);
        }
        return expected.loss;
    };
    const double plain = check({.mode = mode}, {{0, false, 1}});
    const double flipped = check({.flip = true, .mode = mode}, {{0, false, 0.5}, {0, true, 0.5}});
    const double moved =
        check({.shift = 2, .mode = mode}, {{0, false, 0.5}, {2, false, 0.25}, {-2, false, 0.25}});
    const double both = check({.flip = true, .shift = 1, .mode = mode}, {{0, false, 0.25},
                                                                         {0, true, 0.25},
                                                                         {1, false, 0.125},
                                                                         {1, true, 0.125},
                                                                         {-1, false, 0.125},
                                                                         {-1, true, 0.125}});
    CHECK(flipped != Approx(plain));
    CHECK(moved != Approx(plain));
    CHECK(both != Approx(flipped));
}

TEST_CASE("a callback evaluates with views too", "[test_time]") {
    auto net = some_network();
    const auto images = noise(20, sample);
    evaluate_on watch{images};
    watch.options.augment = {.flip = true, .shift = 1};
    fit(net, images, softmax_cross_entropy{}, sgd{}, {.batch_size = 10, .epochs = 1}, watch);
    CHECK(watch.newest.loss
          == evaluate(net, images, softmax_cross_entropy{}, {.augment = {.flip = true, .shift = 1}}).loss);
    CHECK(watch.newest.loss != evaluate(net, images).loss);
}

TEST_CASE("views that a sample does not have are refused", "[test_time]") {
    const auto net = some_network();
    const auto images = noise(4, sample);
    const auto says = [&](const test_time& augment) {
        return message<argument_error>(
            [&] { evaluate(net, images, softmax_cross_entropy{}, {.augment = augment}); });
    };
    CHECK(says({.shift = 5}) == "evaluate: augment.shift must be in 0 .. 4 for samples of 5x7x3, got 5");
    CHECK(says({.shift = -1}) == "evaluate: augment.shift must be in 0 .. 4 for samples of 5x7x3, got -1");
    const network flat{input<2>{}, dense<3>{}};
    CHECK(message<argument_error>(
              [&] { evaluate(flat, clouds(9, 3), softmax_cross_entropy{}, {.augment = {.flip = true}}); })
          == "evaluate: takes images, the samples are rows of 2");
}
