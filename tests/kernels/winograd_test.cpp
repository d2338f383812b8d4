#include <strata/core/buffer.hpp>
#include <strata/core/parallel.hpp>
#include <strata/kernels/conv2d_reference.hpp>
#include <strata/kernels/winograd.hpp>
#include <strata/kernels/winograd_choice.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {
namespace {

template <class T> struct leaky {
    T operator()(T v) const { return v > 0 ? v : v / 4; }
    T slope(T y) const { return y > 0 ? T(1) : T(0.25); }
};

/// An array between two zones that nobody may write to; poisoned at first.
template <class T> class guarded {
public:
    explicit guarded(index count)
        : m_count(count),
          m_all(static_cast<std::size_t>(count + 2 * zone), std::numeric_limits<T>::quiet_NaN()) {
        std::fill_n(m_all.begin(), zone, mark);
        std::fill_n(m_all.end() - zone, zone, mark);
    }
    T* data() { return m_all.data() + zone; }
    std::vector<T> values() const { return {m_all.begin() + zone, m_all.end() - zone}; }
    bool is_whole() const {
        const auto marked = [](T v) { return v == mark; };
        return std::all_of(m_all.begin(), m_all.begin() + zone, marked)
               && std::all_of(m_all.end() - zone, m_all.end(), marked);
    }

private:
    static constexpr index zone = 64;
    static constexpr T mark = T(12345);
    index m_count;
    std::vector<T> m_all;
};

template <class T> struct outcome {
    std::vector<T> y, y_plain, dx, dx_below, dw, db, dw_alone;
    friend bool operator==(const outcome&, const outcome&) = default;
};

template <class T> struct problem {
    conv2d_sizes s;
    std::vector<T> x = numbers<T>(s.batch * s.inputs(), 1), w = numbers<T>(s.weights(), 2),
                   bias = numbers<T>(s.filters, 3), dy = numbers<T>(s.batch * s.outputs(), 4);

    template <index Tile> outcome<T> fast(int workers) const {
        guarded<T> y(s.batch * s.outputs()), y_plain = y, dx(s.batch * s.inputs()), dx_below = dx,
                                             dw(s.weights()), dw_alone = dw, db(s.filters);
        constexpr T* none = nullptr;
        {
            const auto memory = scratch<Tile>(workers, false);
            conv2d_forward_winograd<Tile>(y.data(), x.data(), w.data(), bias.data(), s, workers, memory.at,
                                          leaky<T>());
        }
        const auto run = [&](const auto& pass) {
            const auto memory = scratch<Tile>(workers, true);
            pass(memory.at);
        };
        run([&](std::byte* at) {
            conv2d_forward_winograd<Tile>(y_plain.data(), x.data(), w.data(), static_cast<const T*>(none), s,
                                          workers, at);
        });
        run([&](std::byte* at) {
            conv2d_backward_data_winograd<Tile>(dx.data(), dy.data(), w.data(), s, workers, at);
        });
        run([&](std::byte* at) {
            conv2d_backward_data_winograd<Tile>(dx_below.data(), dy.data(), w.data(), s, workers, at,
                                                x.data(), leaky<T>());
        });
        run([&](std::byte* at) {
            conv2d_backward_weights_winograd<Tile>(dw.data(), db.data(), x.data(), dy.data(), s, workers, at);
        });
        run([&](std::byte* at) {
            conv2d_backward_weights_winograd<Tile>(dw_alone.data(), none, x.data(), dy.data(), s, workers,
                                                   at);
        });
        for (const auto* array : {&y, &y_plain, &dx, &dx_below, &dw, &db, &dw_alone})
            CHECK(array->is_whole());
        return {y.values(),  y_plain.values(), dx.values(),      dx_below.values(),
                dw.values(), db.values(),      dw_alone.values()};
    }

private:
    /// Exactly as many bytes as asked for, poisoned (a NaN in float and in double); those behind them are
    /// looked at in the end.
    template <index Tile> auto scratch(int workers, bool training) const {
        struct block {
            index bytes;
            buffer<std::byte> memory;
            std::byte* at;
            block(index bytes_) : bytes(bytes_), memory(bytes_ + 256), at(memory.data()) {
                std::fill(memory.begin(), memory.end(), std::byte{0xff});
            }
            ~block() {
                CHECK(
                    std::all_of(at + bytes, memory.end(), [](std::byte b) { return b == std::byte{0xff}; }));
            }
        };
        return block(winograd_scratch<T, Tile>(s, workers, training));
    }
};

/// The definition in double, and its sums of absolute values: rounding is measured against their largest.
template <class T> struct definition {
    outcome<double> exact;
    double y = 0, dx = 0, dw = 0, db = 0;

    explicit definition(const problem<T>& p) {
        const conv2d_sizes& s = p.s;
        const auto as_double = [](const std::vector<T>& v, bool absolute) {
            std::vector<double> out(v.begin(), v.end());
            if (absolute)
                for (double& value : out) value = std::abs(value);
            return out;
        };
        for (const bool absolute : {true, false}) {
            const auto x = as_double(p.x, absolute), w = as_double(p.w, absolute),
                       bias = as_double(p.bias, absolute), dy = as_double(p.dy, absolute);
            const auto size = [](index n) { return std::vector<double>(static_cast<std::size_t>(n)); };
            outcome<double>& o = exact;
            o = {size(s.batch * s.outputs()),
                 size(s.batch * s.outputs()),
                 size(s.batch * s.inputs()),
                 {},
                 size(s.weights()),
                 size(s.filters),
                 {}};
            conv2d_forward_reference(o.y.data(), x.data(), w.data(), bias.data(), s);
            conv2d_forward_reference(o.y_plain.data(), x.data(), w.data(),
                                     static_cast<const double*>(nullptr), s);
            conv2d_backward_data_reference(o.dx.data(), dy.data(), w.data(), s);
            conv2d_backward_weights_reference(o.dw.data(), o.db.data(), x.data(), dy.data(), s);
            if (absolute) {
                y = *std::max_element(o.y.begin(), o.y.end());
                dx = *std::max_element(o.dx.begin(), o.dx.end());
                dw = *std::max_element(o.dw.begin(), o.dw.end());
                db = *std::max_element(o.db.begin(), o.db.end());
                continue;
            }
            o.dx_below = o.dx;
            o.dw_alone = o.dw;
            for (std::size_t i = 0; i < x.size(); ++i) o.dx_below[i] *= leaky<double>().slope(x[i]);
            for (double& value : o.y) value = leaky<double>()(value);
        }
    }
};

/// What rounding may do, in units of the largest sum of absolute values. Few products make the largest
/// errors, since a transform mixes neighbours into an output that does not depend on them.
template <class T, index Tile> constexpr double tolerance() {
    return (Tile == 2 ? 3 : 12) * static_cast<double>(std::numeric_limits<T>::epsilon());
}

template <class T, index Tile> void compare_tile(const problem<T>& p, const definition<T>& d) {
    CAPTURE(Tile);
    const auto fast = p.template fast<Tile>(threads());
    // the sums of four phases' transforms are rounded where one would be
    const double rounding = tolerance<T, Tile>() * (p.s.geometry.stride.height == 2 ? 1.5 : 1);
    CHECK(largest_difference(fast.y, d.exact.y) <= rounding * d.y);
    CHECK(largest_difference(fast.y_plain, d.exact.y_plain) <= rounding * d.y);
    CHECK(largest_difference(fast.dx, d.exact.dx) <= rounding * d.dx);
    CHECK(largest_difference(fast.dx_below, d.exact.dx_below) <= rounding * d.dx);
    CHECK(largest_difference(fast.dw, d.exact.dw) <= rounding * d.dw);
    CHECK(fast.dw_alone == fast.dw);
    CHECK(largest_difference(fast.db, d.exact.db) <= 2 * rounding * d.db);
}

template <class T>
void compare(shape in, index filters, index batch, padding pad, size2 kernel = 3, index stride = 1) {
    const window g = window::from(in, kernel, stride, 1, pad);
    CAPTURE(in, filters, batch, kernel.height, kernel.width, stride);
    CAPTURE(pad.top, pad.bottom, pad.left, pad.right, pad.is_same);
    REQUIRE(g.outputs() > 0);
    const problem<T> p{{g, in.channels, filters, batch}};
    REQUIRE(winograd_can(p.s));
    const definition<T> d(p);
    compare_tile<T, 2>(p, d);
    compare_tile<T, 4>(p, d);
}

} // namespace

TEMPLATE_TEST_CASE("winograd: equals its definition on odd shapes", "[kernels]", float, double) {
    using T = TestType;
    for (const index batch : {1, 2, 5})
        for (const padding pad :
             {valid, same, padding{2}, padding{2, 0, 1, 2}, padding{0, 1, 2, 0}, padding{1, 2, 0, 1}}) {
            compare<T>({9, 8, 3}, 5, batch, pad);
            compare<T>({7, 11, 1}, 17, batch, pad);
            compare<T>({4, 13, 18}, 1, batch, pad);
        }
}

TEMPLATE_TEST_CASE("winograd: equals its definition at the edges", "[kernels]", float, double) {
    using T = TestType;
    for (const index batch : {1, 3}) {
        compare<T>({3, 3, 2}, 3, batch, valid); // the kernel is the image
        compare<T>({1, 1, 5}, 4, batch, same);  // most taps see nothing
        compare<T>({1, 7, 2}, 3, batch, same);
        compare<T>({2, 2, 3}, 2, batch, padding{4}); // tiles that see no pixel at all
        compare<T>({5, 6, 2}, 2, batch, padding{3, 0, 0, 5});
        compare<T>({13, 27, 33}, 17, batch, same);
        compare<T>({8, 8, 16}, 32, batch, same); // whole vectors, whole tiles
        compare<T>({6, 5, 40}, 65, batch, same); // several blocks of filters, the last one narrow
    }
    compare<T>({5, 5, 2}, 3, 67, same);    // many images
    compare<T>({20, 20, 40}, 33, 9, same); // several runs of tiles in the weight gradient
    compare<T>({4, 4, 256}, 48, 2, same);  // channels that would meet in one line of the cache
}

TEMPLATE_TEST_CASE("winograd: a stride of 2 is four convolutions with stride 1", "[kernels]", float, double) {
    using T = TestType;
    for (const size2 kernel : {size2(5), size2(4), size2(6), size2(3), size2(5, 3), size2(4, 6)})
        for (const padding pad :
             {valid, same, padding{1}, padding{2}, padding{2, 0, 1, 3}, padding{0, 1, 5, 0}}) {
            compare<T>({9, 8, 3}, 5, 2, pad, kernel, 2);
            compare<T>({7, 11, 17}, 18, 1, pad, kernel, 2);
            compare<T>({6, 6, 2}, 3, 3, pad, kernel, 2);
        }
    compare<T>({32, 32, 64}, 32, 2, same, 5, 2); // channels of one phase at a time
    compare<T>({14, 13, 40}, 65, 3, same, 4, 2);
    compare<T>({8, 8, 3}, 5, 2, same, size2(2, 3)); // stride 1, smaller kernels
    compare<T>({7, 6, 20}, 3, 2, padding{1, 0, 0, 2}, 2);
}

TEST_CASE("winograd: rounding of layers of the usual widths is that of a few additions", "[kernels]") {
    for (const shape in : {shape{16, 16, 64}, shape{8, 8, 128}, shape{7, 9, 96}}) {
        const problem<float> p{{window::from(in, 3, 1, 1, same), in.channels, 48, 3}};
        const definition<float> d(p);
        CAPTURE(in);
        const auto check = [&](const outcome<float>& fast, double rounding) {
            rounding *= static_cast<double>(std::numeric_limits<float>::epsilon());
            CHECK(largest_difference(fast.y_plain, d.exact.y_plain) <= rounding * d.y);
            CHECK(largest_difference(fast.dx, d.exact.dx) <= rounding * d.dx);
            CHECK(largest_difference(fast.dw, d.exact.dw) <= rounding * d.dw);
        };
        check(p.fast<2>(threads()), 2);
        check(p.fast<4>(threads()), 4);
    }
}

TEST_CASE("winograd: the choice between its tiles and a direct kernel", "[kernels]") {
    using enum conv2d_pass;
    const auto tile = [](shape in, index filters, index batch, conv2d_pass pass, size2 stride = 1) {
        return winograd_tile({window::from(in, 3, stride, 1, same), in.channels, filters, batch}, pass);
    };
    for (const conv2d_pass pass : {forward, backward_data, backward_weights}) {
        CHECK(tile({32, 32, 64}, 64, 64, pass) == 4);
        CHECK(tile({16, 16, 128}, 128, 64, pass) == 4);
        CHECK(tile({8, 8, 256}, 256, 64, pass) == 4);
        CHECK(tile({32, 32, 3}, 64, 64, pass) == 0);     // nothing to multiply
        CHECK(tile({4, 4, 512}, 512, 1, pass) == 0);     // the transform of the filters is everything
        CHECK(tile({32, 32, 64}, 64, 64, pass, 2) == 0); // as many multiplications
        CHECK(winograd_wins({window::from({32, 32, 64}, 3, 1, 1, same), 64, 64, 8}, pass));
        CHECK(winograd_tile({window::from({32, 32, 64}, 5, 2, 1, same), 64, 32, 64}, pass) == 4);
        CHECK(winograd_tile({window::from({32, 32, 64}, 5, 1, 1, same), 64, 32, 64}, pass) == 0); // cannot
    }
    CHECK(tile({6, 6, 64}, 64, 16, forward) == 2); // whole tiles of 2x2, not of 4x4
}

TEMPLATE_TEST_CASE("winograd: the same bits for any number of threads", "[kernels]", float, double) {
    const int before = threads();
    for (const shape in : {shape{24, 20, 6}, shape{20, 20, 70}}) {
        const problem<TestType> p{{window::from(in, 3, 1, 1, same), in.channels, 50, 9}};
        threads(1);
        const auto two = p.template fast<2>(1), four = p.template fast<4>(1);
        for (const int count : {2, 3}) {
            threads(count);
            CHECK(p.template fast<2>(count) == two);
            CHECK(p.template fast<4>(count) == four);
        }
    }
    threads(before);
}

} // namespace strata::test
