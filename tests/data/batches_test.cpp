#include <strata/data/batches.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include "files.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::data;

namespace {

using numbers = std::vector<strata::index>;

/// n samples of 1x2x2 bytes: all elements of sample i are i, its label is i % 7.
dataset<> bytes(std::size_t n) {
    auto x = tensor<std::uint8_t, 4>::from_shape({n, 1, 2, 2});
    auto y = tensor<std::uint8_t, 1>::from_shape({n});
    for (std::size_t i = 0; i < n; ++i) {
        std::fill_n(x.data() + 4 * i, 4, static_cast<std::uint8_t>(i));
        y(i) = static_cast<std::uint8_t>(i % 7);
    }
    return {std::move(x), std::move(y)};
}

/// The samples of a batch made of `bytes`, told by their pixels.
template <class T, class Y> numbers members(const batch<T, Y>& b) {
    numbers found;
    for (strata::index i = 0; i < b.size; ++i) found.push_back(std::lround(b.x[4 * i] * 255));
    return found;
}

template <class Batches> std::vector<numbers> epoch(Batches& source, strata::index number) {
    auto b = source.template make<float>();
    std::vector<numbers> all;
    for (strata::index i = 0; i < source.steps_per_epoch(); ++i) {
        source.fill(number * source.steps_per_epoch() + i, b);
        all.push_back(members(b));
    }
    return all;
}

numbers joined(const std::vector<numbers>& parts) {
    numbers all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

numbers sorted(numbers all) {
    std::sort(all.begin(), all.end());
    return all;
}

numbers first(strata::index n) {
    numbers all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), strata::index{0});
    return all;
}

} // namespace

TEST_CASE("a permutation holds every number once and depends on seed and epoch alone", "[batches]") {
    for (const strata::index n : {0, 1, 2, 3, 10, 1'000}) {
        INFO("n = " << n);
        CHECK(sorted(permutation(n, 1, 0)) == first(n));
        CHECK(permutation(n, 1, 0) == permutation(n, 1, 0));
    }
    CHECK(permutation(100, 1, 0) != first(100));
    CHECK(permutation(100, 1, 0) != permutation(100, 2, 0));
    CHECK(permutation(100, 1, 0) != permutation(100, 1, 1));
    CHECK(permutation(100, 1, 1) != permutation(100, 2, 0));
    CHECK(permutation(100, std::uint64_t{1} << 32, 0) != permutation(100, 0, 0));
}

TEST_CASE("permutations are the same on every machine", "[batches]") {
    CHECK(permutation(10, 1, 0) == numbers{1, 6, 4, 2, 3, 8, 7, 9, 0, 5});
    CHECK(permutation(10, 1, 1) == numbers{5, 1, 3, 4, 6, 9, 7, 8, 0, 2});
}

TEST_CASE("every order of four is as likely as the others", "[batches]") {
    std::map<numbers, int> count;
    constexpr int draws = 24'000;
    for (int e = 0; e < draws; ++e) ++count[permutation(4, 7, e)];
    REQUIRE(count.size() == 24);
    double chi_square = 0;
    for (const auto& [order, seen] : count) chi_square += std::pow(seen - draws / 24.0, 2) / (draws / 24.0);
    CHECK(chi_square < 49.7); // 23 degrees of freedom: exceeded once in 1,000 seeds
    CHECK(chi_square > 7.5);  // too even would be as suspicious
}

TEST_CASE("a permutation of an impossible length is refused", "[batches]") {
    CHECK(message_of<argument_error>([] { permutation(-1, 1, 0); })
          == "a permutation of -1 elements, at least 0 are needed");
}

TEST_CASE("an epoch holds every sample once, the last batch is short or left out", "[batches]") {
    const bool shuffle = GENERATE(false, true);
    batches kept(bytes(23), {.size = 5, .shuffle = shuffle, .seed = 3});
    CHECK(kept.steps_per_epoch() == 5);
    const auto all = epoch(kept, 2);
    CHECK(all.back().size() == 3);
    CHECK(sorted(joined(all)) == first(23));
    CHECK((joined(all) == first(23)) == !shuffle);

    batches dropped(bytes(23), {.size = 5, .shuffle = shuffle, .drop_last = true, .seed = 3});
    CHECK(dropped.steps_per_epoch() == 4);
    const auto full = epoch(dropped, 2);
    CHECK(full.back().size() == 5);
    auto expected = joined(all);
    expected.resize(20);
    CHECK(joined(full) == expected);
}

TEST_CASE("a batch size that divides the samples leaves no short batch", "[batches]") {
    batches source(bytes(20), {.size = 5});
    CHECK(source.steps_per_epoch() == 4);
    CHECK(epoch(source, 0).back().size() == 5);
}

TEST_CASE("a batch larger than the data set holds all of it", "[batches]") {
    batches source(bytes(3), {.size = 100});
    CHECK(source.steps_per_epoch() == 1);
    auto b = source.make<float>();
    CHECK(b.capacity == 3);
    source.fill(4, b);
    CHECK(b.size == 3);
}

TEST_CASE("epochs are shuffled anew, by the seed", "[batches]") {
    batches one(bytes(50), {.size = 8, .seed = 1}), two(bytes(50), {.size = 8, .seed = 2});
    CHECK(epoch(one, 0) != epoch(one, 1));
    CHECK(epoch(one, 0) != epoch(two, 0));
    CHECK(joined(epoch(one, 3)) == permutation(50, 1, 3));
}

TEST_CASE("batch k is a pure function of k", "[batches]") {
    const batch_options options{.size = 4, .seed = 9};
    const auto add_noise = [](auto* x, shape s, const auto& context) {
        for (strata::index i = 0; i < s.size(); ++i)
            x[i] += static_cast<float>(context.random.uniform(static_cast<std::uint64_t>(i)));
    };
    const auto noisy = bytes(23).with(add_noise);
    batches forward(noisy, options), jumping(noisy, options);
    std::vector<std::vector<float>> seen;
    auto b = forward.make<float>();
    for (strata::index k = 0; k < 30; ++k) {
        forward.fill(k, b);
        seen.emplace_back(b.x.begin(), b.x.begin() + 4 * b.size);
    }
    for (const strata::index k : {29, 0, 17, 17, 3, 28, 4, 5, 0, 11}) {
        INFO("step " << k);
        jumping.fill(k, b);
        CHECK(std::vector<float>(b.x.begin(), b.x.begin() + 4 * b.size) == seen[static_cast<std::size_t>(k)]);
    }
}

TEMPLATE_TEST_CASE("bytes become scale times their value, labels 32 bits", "[batches]", float, double) {
    batches source(bytes(256), {.size = 256, .shuffle = false});
    auto b = source.template make<TestType>();
    STATIC_REQUIRE(std::is_same_v<decltype(b), batch<TestType, std::int32_t>>);
    source.fill(0, b);
    CHECK(b.x[0] == 0);
    CHECK(b.x[4 * 255] == 1);
    CHECK(b.x[4 * 51 + 3] == Approx(0.2));
    CHECK(b.targets[8] == 1);

    CHECK(b.samples().shape()[0] == 256);
    CHECK(b.samples()(51, 0, 1, 1) == b.x[4 * 51 + 3]);
}

TEST_CASE("rows of real targets take the scalar of the batch", "[batches]") {
    auto x = tensor<double, 4>::from_shape({6, 1, 1, 2});
    auto y = tensor<double, 2>::from_shape({6, 3});
    for (std::size_t i = 0; i < 12; ++i) x.data()[i] = 0.5 * static_cast<double>(i);
    for (std::size_t i = 0; i < 18; ++i) y.data()[i] = static_cast<double>(i);
    batches source(dataset(x, y), {.size = 4, .shuffle = false});
    auto b = source.make<float>();
    STATIC_REQUIRE(std::is_same_v<decltype(b), batch<float, float>>);
    source.fill(1, b);
    CHECK(b.size == 2);
    CHECK(b.x[1] == 4.5f);
    CHECK(b.targets[3] == 15.0f);
    CHECK(b.targets[5] == 17.0f);
}

TEST_CASE("a slice is cut into batches of its own samples", "[batches]") {
    batches source(bytes(40).slice(10, 12), {.size = 5, .seed = 4});
    auto expected = first(12);
    for (auto& sample : expected) sample += 10;
    CHECK(sorted(joined(epoch(source, 0))) == expected);
}

TEST_CASE("refilling a batch keeps its memory", "[batches]") {
    batches source(bytes(23), {.size = 5});
    auto b = source.make<float>();
    const auto* x = b.x.data();
    const auto* targets = b.targets.data();
    const auto* order = source.indices(0).data();
    for (strata::index k = 0; k < 12; ++k) source.fill(k, b);
    CHECK(b.x.data() == x);
    CHECK(b.targets.data() == targets);
    CHECK(source.indices(10).data() == order);
}

TEST_CASE("a transform sees every sample with random numbers of its own", "[batches]") {
    std::set<std::uint32_t> drawn;
    int calls = 0;
    const auto watch = [&](auto* x, shape s, const auto& context) {
        CHECK(s == shape{1, 2, 2});
        drawn.insert(context.random.word(0));
        x[0] = -1;
        ++calls;
    };
    batches source(bytes(20).with(watch), {.size = 8});
    auto b = source.make<float>();
    for (strata::index k = 0; k < 6; ++k) source.fill(k, b);
    CHECK(b.x[0] == -1);
    CHECK(b.x[1] >= 0);
    CHECK(calls == 40);
    CHECK(drawn.size() == 40);
}

TEST_CASE("gather takes any samples in any order", "[batches]") {
    const auto data = bytes(9);
    batch<float, std::int32_t> b(4, data.sample_shape());
    gather(data, std::array<strata::index, 3>{8, 0, 8}, b);
    CHECK(members(b) == numbers{8, 0, 8});
    CHECK(b.targets[0] == 1);
}

TEST_CASE("what cannot be a batch is refused with both numbers", "[batches]") {
    const auto data = bytes(9);
    const auto says = [](const auto& act) { return message_of<argument_error>(act); };
    using room = batch<float, std::int32_t>;

    CHECK(says([&] { batches(data, {.size = 0}); }) == "a batch size of 0, at least 1 is needed");
    CHECK(says([&] { batches(data, {.size = -3}); }) == "a batch size of -3, at least 1 is needed");
    CHECK(says([&] { batches(data.slice(0, 0), {.size = 4}); })
          == "batches of 4 need a data set of at least 1 samples, this one has 0");
    CHECK(says([&] { batches(data, {.size = 10, .drop_last = true}); })
          == "batches of 10 need a data set of at least 10 samples, this one has 9");
    CHECK(says([&] { room(0, data.sample_shape()); }) == "a batch of 0 samples, at least 1 is needed");

    batches source(data, {.size = 4});
    room small(3, data.sample_shape()), other(4, {2, 2, 1}), wide(4, data.sample_shape(), 2);
    CHECK(says([&] { source.fill(-1, small); }) == "batch -1 asked for, the first is 0");
    CHECK(says([&] { source.fill(0, small); }) == "a batch of 4 samples, this one holds 1 .. 3");
    CHECK(says([&] { source.fill(0, other); })
          == "the batch is made for samples of 2x2x1, those of the data set are 1x2x2");
    CHECK(says([&] { source.fill(0, wide); })
          == "the batch is made for 2 targets a sample, the data set has 1");
    CHECK(says([&] { gather(data, std::vector<strata::index>{}, small); })
          == "a batch of 0 samples, this one holds 1 .. 3");
    CHECK(says([&] {
              gather(data, std::vector<strata::index>{1, 9}, small);
          })
          == "sample 9 asked for, the data set has 9");
    CHECK(small.size == 0);
}
