#include <strata/core/error.hpp>
#include <strata/data/batches.hpp>
#include <strata/data/prefetch.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/affine.hpp>
#include <strata/data/transforms/alternating_flip.hpp>
#include <strata/data/transforms/brightness.hpp>
#include <strata/data/transforms/contrast.hpp>
#include <strata/data/transforms/cutout.hpp>
#include <strata/data/transforms/elastic.hpp>
#include <strata/data/transforms/horizontal_flip.hpp>
#include <strata/data/transforms/random_crop.hpp>
#include <strata/data/transforms/standardise.hpp>
#include <strata/data/transforms/subtract_mean_image.hpp>
#include <strata/data/transforms/translate.hpp>

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

#include "data/files.hpp"
#include "data/transforms/images.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

const shape sample{5, 7, 3};

/// Adds a number to all elements.
struct add {
    int number;
    template <class T> void operator()(T* x, const shape& s, const sample_context<T>&) const {
        for (strata::index i = 0; i < s.size(); ++i) x[i] += static_cast<T>(number);
    }
};
struct twice {
    template <class T> void operator()(T* x, const shape& s, const sample_context<T>&) const {
        for (strata::index i = 0; i < s.size(); ++i) x[i] *= 2;
    }
};

/// Writes into element `at` what it draws.
template <int At, char Name> struct draw {
    static constexpr std::array<char, 1> letters{Name};
    static constexpr std::string_view name{letters.data(), 1};
    template <class T> void operator()(T* x, const shape&, const sample_context<T>& context) const {
        x[At] = static_cast<T>(context.random.uniform(0));
    }
};

/// Sample i of epoch e as a batch has it.
template <class T, class Dataset>
std::vector<T> seen(const Dataset& data, strata::index i, std::uint32_t epoch = 0, std::uint64_t seed = 1) {
    data::batch_of<Dataset, T> batch(1, data.sample_shape());
    data::gather(data, std::array{i}, batch, {seed, data::transform_stream, epoch});
    return {batch.x.begin(), batch.x.end()};
}

auto with_everything(const data::dataset<>& images) {
    return images.with(affine{.rotation = 10, .scale = 0.1, .shear = 5, .translation = 1},
                       elastic{.strength = 10, .smoothness = 2}, contrast{}, brightness{},
                       subtract_mean_image::of(images, 1. / 255), standardise::of(images),
                       random_crop{.padding = 2, .mode = padding_mode::reflect}, translate{1, 1},
                       alternating_flip{}, horizontal_flip{}, cutout{.size = 2});
}

} // namespace

TEST_CASE("transforms are applied in their order, to samples that are scaled", "[transformed]") {
    const auto images = noise(4, sample);
    const double plain = seen<double>(images, 2)[3];
    CHECK(plain == Approx(images.samples(2)[3] / 255.));
    CHECK(seen<double>(images.with(add{1}, twice{}), 2)[3] == Approx(2 * (plain + 1)));
    CHECK(seen<double>(images.with(twice{}, add{1}), 2)[3] == Approx(2 * plain + 1));
    CHECK(seen<double>(images.with(twice{}).with(add{1}), 2)[3] == Approx(2 * plain + 1));
    CHECK(seen<double>(images.with(twice{}).with(add{1}, twice{}).with(), 2)[3]
          == Approx(2 * (2 * plain + 1)));
    CHECK(seen<double>(images, 2)[3] == plain);
}

TEST_CASE("a data set with transforms is one like that without, and shares its arrays", "[transformed]") {
    auto images = noise(9, sample);
    images.classes = {"a", "b", "c", "d"};
    images.scale = 2;
    const auto changed = images.with(twice{});
    using type = std::remove_const_t<decltype(changed)>;
    STATIC_REQUIRE(type::target_rank == 1);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<type, data::dataset<>>); // no transform is lost by chance
    CHECK(changed.size() == 9);
    CHECK(changed.sample_shape() == sample);
    CHECK(changed.target_size() == 1);
    CHECK(changed.classes == images.classes);
    CHECK(changed.scale == 2);
    CHECK(changed.samples(3) == images.samples(3));
    CHECK(changed.targets(3) == images.targets(3));

    const auto part = changed.slice(4, 3);
    STATIC_REQUIRE(std::is_same_v<decltype(part), const type>);
    CHECK(part.size() == 3);
    CHECK(seen<double>(part, 1) == seen<double>(changed, 5));
    const auto [train, validation] = data::split_of(changed, {.validation = 2});
    CHECK(train.size() == 7);
    CHECK(seen<double>(validation, 0) == seen<double>(changed, 7));
}

TEMPLATE_TEST_CASE("every transform is a pure function of seed, epoch and sample", "[transformed]", float,
                   double) {
    using T = TestType;
    const auto images = noise(60, sample);
    const auto all = with_everything(images);
    for (strata::index i = 0; i < 20; ++i) {
        const auto first = seen<T>(all, i, 3);
        CHECK(first == seen<T>(all, i, 3));
        CHECK(first != seen<T>(all, i, 4));
        CHECK(first != seen<T>(all, i, 3, 2));
    }
    // The same byte image as another sample looks different.
    auto x = tensor<std::uint8_t, 4>::from_shape({2, 5, 7, 3});
    for (std::size_t i = 0; i < 2 * 105; ++i) x.data()[i] = images.samples(0)[i % 105];
    const auto doubles = with_everything(data::dataset(x, tensor<std::uint8_t, 1>{0, 0}));
    CHECK(seen<T>(doubles, 0) != seen<T>(doubles, 1));
}

TEST_CASE("batches are the same in whatever order and thread they are made", "[transformed]") {
    const auto all = with_everything(noise(60, sample));
    data::batches source(all, {.size = 16, .seed = 5});
    auto batch = source.make<float>();
    std::vector<std::vector<float>> expected;
    const auto numbers = [](const auto& b) {
        return std::vector<float>(b.x.begin(), b.x.begin() + b.size * b.sample_shape.size());
    };
    for (strata::index step = 11; step >= 0; --step) {
        source.fill(step, batch);
        expected.insert(expected.begin(), numbers(batch));
    }
    auto ahead = data::prefetch<float>(source);
    for (const auto& one : expected) CHECK(numbers(ahead.next()) == one);
}

TEST_CASE("a transform draws the same numbers whatever stands beside it", "[transformed]") {
    const auto images = noise(3, sample);
    const auto alone = seen<double>(images.with(draw<0, 'a'>{}), 1)[0];
    CHECK(seen<double>(images.with(draw<1, 'b'>{}, add{0}, draw<0, 'a'>{}, draw<2, 'c'>{}), 1)[0] == alone);
    const auto y = seen<double>(images.with(draw<0, 'a'>{}, draw<1, 'b'>{}, draw<2, 'a'>{}), 1);
    CHECK(y[0] == alone);
    CHECK(y[1] != y[0]);
    CHECK(y[2] != y[0]); // the second of its name
    CHECK(y[2] != y[1]);
    const auto unnamed = [](auto* x, shape, const auto& context) {
        x[0] += static_cast<std::remove_reference_t<decltype(*x)>>(context.random.uniform(0));
    };
    const double once = seen<double>(images.with(unnamed), 1)[0] - seen<double>(images, 1)[0],
                 both = seen<double>(images.with(unnamed, unnamed), 1)[0] - seen<double>(images, 1)[0];
    CHECK(both != Approx(2 * once));
}

TEST_CASE("a transform is told epoch and shape, and has the room it asked for", "[transformed]") {
    struct curious {
        strata::index numbers;
        strata::index scratch(const shape& s) const { return numbers * s.size(); }
        void operator()(double* x, const shape& s, const sample_context<double>& context) const {
            for (strata::index i = 0; i < numbers * s.size(); ++i) context.scratch[i] = 1;
            x[0] = static_cast<double>(context.epoch);
            x[1] = static_cast<double>(s.size());
            x[2] = context.random.uniform(0);
            x[3] = context.in_every_epoch().uniform(0);
        }
    };
    const auto data = noise(3, sample).with(curious{2}, curious{5}, curious{1});
    CHECK(data.scratch() == 5 * 105);
    const auto first = seen<double>(data, 1, 0), fifth = seen<double>(data, 1, 4);
    CHECK(first[0] == 0);
    CHECK(fifth[0] == 4);
    CHECK(fifth[1] == 105);
    CHECK(first[2] == first[3]);
    CHECK(fifth[2] != first[2]);
    CHECK(fifth[3] == first[3]);
    CHECK(seen<double>(data, 2)[3] != first[3]);
}

TEST_CASE("refilling a batch keeps the scratch memory", "[transformed]") {
    data::batches source(with_everything(noise(20, sample)), {.size = 8});
    auto batch = source.make<float>();
    source.fill(0, batch);
    const auto* scratch = batch.scratch.data();
    CHECK(scratch != nullptr);
    for (strata::index step = 1; step < 9; ++step) source.fill(step, batch);
    CHECK(batch.scratch.data() == scratch);
}
