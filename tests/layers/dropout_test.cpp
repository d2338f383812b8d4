#include <strata/core/buffer.hpp>
#include <strata/layers/dropout.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/layer_laws.hpp"

using namespace strata;

namespace {

/// y of a training forward, and dx behind dy = 1, of ones.
template <strata::index H, strata::index W, strata::index C> struct draw {
    std::vector<double> y, dx;

    draw(const dropout& spec, strata::index batch, const random_source& random) {
        network net{input_of<double, H, W, C>{}, spec};
        const std::vector<double> ones(static_cast<std::size_t>(batch * H * W * C), 1.0);
        y.resize(ones.size());
        dx.resize(ones.size());
        workspace room;
        net.forward_training(ones.data(), y.data(), batch, room, random);
        net.backward(ones.data(), y.data(), ones.data(), dx.data(), batch, room, random);
    }
};

} // namespace

TEST_CASE("dropout obeys the laws of a layer") {
    testing::layer_laws<1, 1, 7>(dropout{.rate = 0.3f}, {.differs_in_training = true, .batch = 5});
    testing::layer_laws<3, 2, 5>(dropout{.rate = 0.5f}, {.differs_in_training = true});
    testing::layer_laws<3, 3, 4>(dropout{.rate = 0.4f, .whole_channels = true},
                                 {.differs_in_training = true});
    testing::layer_laws<1, 1, 6>(dropout{.rate = 0}); // then training is inference
}

TEST_CASE("dropout in inference is the identity") {
    const network net{input_of<double, 3>{}, dropout{.rate = 0.9f}};
    const tensor<double, 2> x{{1, -2, 3}, {0, 5, -6}};
    const auto y = net.predict(x);
    CHECK(y == x);
}

TEST_CASE("dropout in training zeroes a share and divides the rest by 1 - rate, backward by the same mask") {
    for (const float rate : {0.1f, 0.25f, 0.5f, 0.9f}) {
        constexpr strata::index batch = 50, features = 1'003; // no multiple of the four words of a draw
        const draw<1, 1, features> d({.rate = rate}, batch, {7, 0, 3});
        const double survivor = 1 / (1 - static_cast<double>(rate));
        strata::index dead = 0, strange = 0;
        double sum = 0, squares = 0;
        for (const double y : d.y) {
            dead += y == 0;
            strange += y != 0 && std::abs(y - survivor) > 1e-12;
            sum += y;
            squares += (y - 1) * (y - 1);
        }
        CHECK(strange == 0);
        CHECK(d.dx == d.y);
        const double n = static_cast<double>(batch * features), p = static_cast<double>(rate);
        const double deviation = std::sqrt(p * (1 - p) / n);
        INFO("rate " << rate << ": " << dead << " of " << n << " are 0");
        CHECK(std::abs(static_cast<double>(dead) / n - p) < 4 * deviation);
        CHECK(std::abs(sum / n - 1) < 4 * deviation * survivor);  // the expectation stays
        CHECK(squares / n == Approx(p * survivor).epsilon(0.05)); // var = p / (1 - p)
    }
}

TEST_CASE("dropout's neighbours, samples and steps die independently") {
    constexpr strata::index batch = 40, features = 500;
    const auto agreement = [](const std::vector<double>& a, const std::vector<double>& b, std::size_t shift) {
        double agreeing = 0;
        for (std::size_t i = 0; i + shift < a.size(); ++i) agreeing += (a[i] == 0) == (b[i + shift] == 0);
        return agreeing / static_cast<double>(a.size() - shift);
    };
    const draw<1, 1, features> d({.rate = 0.5f}, batch, {1, 0, 0});
    const draw<1, 1, features> next({.rate = 0.5f}, batch, {1, 0, 1});
    const double bound = 4 * 0.5 / std::sqrt(static_cast<double>(batch * features));
    for (const std::size_t shift : {1u, 2u, 3u, 4u, 500u, 6'384u})
        CHECK(std::abs(agreement(d.y, d.y, shift) - 0.5) < bound);
    CHECK(std::abs(agreement(d.y, next.y, 0) - 0.5) < bound);
    CHECK(std::abs(agreement(d.y, next.y, 1) - 0.5) < bound);
}

TEST_CASE("dropout's mask is a function of seed and step") {
    const dropout half{.rate = 0.5f};
    const auto mask = [&](const random_source& random) { return draw<1, 1, 64>(half, 3, random).y; };
    CHECK(mask({5, 0, 9}) == mask({5, 0, 9}));
    CHECK(mask({5, 0, 9}) != mask({5, 0, 10}));
    CHECK(mask({5, 0, 9}) != mask({6, 0, 9}));
}

TEST_CASE("two dropout layers of one network draw different masks") {
    network net{input_of<double, 64>{}, dropout{.rate = 0.5f}, dropout{.rate = 0.5f}};
    const std::vector<double> ones(64, 1.0);
    std::vector<double> y(64);
    workspace room;
    net.forward_training(ones.data(), y.data(), 1, room, {2, 0, 0});
    const auto dead = std::count(y.begin(), y.end(), 0.0);
    CHECK(dead > 38); // 48 expected; 32 if the masks were one
    CHECK(dead < 60);
}

TEST_CASE("dropout drops a mask's samples the same in a large batch and a small one") {
    const draw<1, 1, 10> small({.rate = 0.5f}, 2, {4, 0, 1}), large({.rate = 0.5f}, 9, {4, 0, 1});
    CHECK(std::equal(small.y.begin(), small.y.end(), large.y.begin()));
}

TEST_CASE("dropout of whole channels lets a channel of a sample live or die in all its pixels") {
    constexpr strata::index batch = 200, channels = 7, pixels = 6;
    const draw<2, 3, channels> d({.rate = 0.5f, .whole_channels = true}, batch, {3, 0, 0});
    strata::index dead = 0, torn = 0;
    for (strata::index n = 0; n < batch; ++n)
        for (strata::index c = 0; c < channels; ++c) {
            const auto at = [&](strata::index pixel) {
                return d.y[static_cast<std::size_t>((n * pixels + pixel) * channels + c)];
            };
            dead += at(0) == 0;
            for (strata::index pixel = 1; pixel < pixels; ++pixel) torn += at(pixel) != at(0);
        }
    CHECK(torn == 0);
    CHECK(std::abs(static_cast<double>(dead) / (batch * channels) - 0.5)
          < 4 * 0.5 / std::sqrt(static_cast<double>(batch * channels)));
    CHECK(d.dx == d.y);
}

TEST_CASE("dropout of nothing changes nothing") {
    const draw<1, 1, 33> d({.rate = 0}, 4, {3, 0, 0});
    CHECK(d.y == std::vector<double>(132, 1.0));
    CHECK(d.dx == d.y);
}

TEST_CASE("dropout drops infinities and NaN too") {
    network net{input<400>{}, dropout{.rate = 0.5f}};
    const std::vector<float> x(400, std::numeric_limits<float>::quiet_NaN());
    std::vector<float> y(400);
    workspace room;
    net.forward_training(x.data(), y.data(), 1, room, {2, 0, 0});
    const auto zeros = std::count(y.begin(), y.end(), 0.f);
    CHECK(zeros > 100);
    CHECK(zeros < 300);
}

TEMPLATE_TEST_CASE("dropout: the slope of the activation below is applied in the store", "", float, double) {
    using T = TestType;
    struct bent {
        T operator()(T v) const { return v; }
        T slope(T y) const { return y > 0 ? 1 + y : T(0.5); }
    };
    struct kinked : bent {
        enum { slope_by_sign = true }; // a local class has no static members
        T slope(T y) const { return y > 0 ? T(3) : T(0.5); }
    };
    for (const bool whole : {false, true}) {
        using bound = dropout::layer<shape{3, 2, 67}, T>;
        const bound layer{{.rate = 0.3f, .whole_channels = whole}};
        pass p;
        p.batch = 3;
        p.training = true;
        const auto size = static_cast<std::size_t>(3 * 3 * 2 * 67);
        buffer<std::byte> memory(bound::memory(p));
        p.memory = memory.data();
        p.random = {1, 2, 3};
        std::vector<T> x(size), dy(size), y(size), plain(size), folded(size), by_sign(size);
        for (std::size_t i = 0; i < size; ++i) {
            x[i] = static_cast<T>(p.random.uniform(i) - 0.5);
            dy[i] = static_cast<T>(p.random.uniform(i + size));
        }
        layer.forward_training(x.data(), y.data(), p);
        layer.backward(nullptr, nullptr, dy.data(), plain.data(), p);
        layer.backward(x.data(), nullptr, dy.data(), folded.data(), p, bent{});
        layer.backward(nullptr, y.data(), dy.data(), by_sign.data(), p, kinked{});
        std::size_t dead = 0;
        for (std::size_t i = 0; i < size; ++i) {
            CHECK(folded[i] == plain[i] * bent{}.slope(x[i]));
            CHECK(by_sign[i] == plain[i] * kinked{}.slope(x[i]));
            dead += plain[i] == 0;
        }
        CHECK(dead > size / 5);
        CHECK(dead < size / 2);
    }
}

TEST_CASE("dropout refuses a rate outside 0 .. 1, naming it") {
    const auto train = [](float rate) { draw<1, 1, 3>({.rate = rate}, 1, {}); };
    const auto message = [&](float rate) -> std::string {
        try {
            train(rate);
        } catch (const argument_error& e) { return e.what(); }
        return "";
    };
    CHECK(message(1) == "dropout: the rate must be at least 0 and below 1, not 1");
    CHECK(message(-0.5f) == "dropout: the rate must be at least 0 and below 1, not -0.5");
    CHECK_THROWS_AS(train(1.5f), argument_error);
    CHECK_THROWS_AS(train(NAN), argument_error);
    CHECK_NOTHROW(train(0.9999999f));
    CHECK_NOTHROW((network{input<3>{}, dropout{.rate = 2}}.predict(tensor<float, 2>{{1, 2, 3}})));
}
