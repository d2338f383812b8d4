#include <strata/core/buffer.hpp>
#include <strata/kernels/dense.hpp>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {
namespace {

constexpr dense_algorithm forward_algorithms[] = {dense_algorithm::blas, dense_algorithm::tiled,
                                                  dense_algorithm::dots, dense_algorithm::swept};
constexpr dense_algorithm data_algorithms[] = {dense_algorithm::blas, dense_algorithm::tiled,
                                               dense_algorithm::dots};
constexpr dense_algorithm weights_algorithms[] = {dense_algorithm::blas, dense_algorithm::tiled,
                                                  dense_algorithm::turned};

/// An array of its own size to the byte: what is read or written beyond shows under the address sanitizer,
/// and what is written beyond shows without.
template <class T> class guarded {
public:
    static constexpr index guard = 64;
    explicit guarded(const std::vector<T>& values) : m_all(values.size() + 2 * guard, T(12345)) {
        std::copy(values.begin(), values.end(), data());
        m_size = static_cast<index>(values.size());
    }
    T* data() { return m_all.data() + guard; }
    std::vector<T> values() { return {data(), data() + m_size}; }
    bool intact() const {
        for (index i = 0; i < guard; ++i)
            if (m_all[static_cast<std::size_t>(i)] != T(12345) || m_all.rbegin()[i] != T(12345)) return false;
        return true;
    }

private:
    std::vector<T> m_all;
    index m_size;
};

/// Exactly as many bytes as the layer asks for, aligned, and filled with not-a-numbers.
class poisoned_scratch {
public:
    explicit poisoned_scratch(index bytes) : m_bytes(bytes) {
        if (bytes > 0)
            m_data.reset(static_cast<std::byte*>(std::aligned_alloc(64, static_cast<std::size_t>(bytes))));
        std::fill_n(m_data.get(), m_bytes, std::byte(0xff));
    }
    std::byte* data() { return m_data.get(); }

private:
    struct release {
        void operator()(std::byte* p) const { std::free(p); }
    };
    index m_bytes;
    std::unique_ptr<std::byte[], release> m_data;
};

/// y = 1.5 x for x > 0, 0.25 x below; as an activation under the layer its slope is 1 + y.
struct bent {
    template <class T> T operator()(T x) const { return x > 0 ? T(1.5) * x : T(0.25) * x; }
    template <class T> T slope(T y) const { return 1 + y; }
};

template <class T> struct dense_case {
    dense_sizes s;
    std::vector<T> x = numbers<T>(s.batch * s.features, 1), w = numbers<T>(s.features * s.units, 2),
                   b = numbers<T>(s.units, 3), dy = numbers<T>(s.batch * s.units, 4);

    double x_at(index i, index k) const {
        return static_cast<double>(x[static_cast<std::size_t>(i * s.features + k)]);
    }
    double w_at(index k, index j) const {
        return static_cast<double>(w[static_cast<std::size_t>(k * s.units + j)]);
    }
    double dy_at(index i, index j) const {
        return static_cast<double>(dy[static_cast<std::size_t>(i * s.units + j)]);
    }

    std::vector<double> y_in_double(bool bias) const {
        std::vector<double> y;
        for (index i = 0; i < s.batch; ++i)
            for (index j = 0; j < s.units; ++j) {
                double sum = bias ? static_cast<double>(b[static_cast<std::size_t>(j)]) : 0;
                for (index k = 0; k < s.features; ++k) sum += x_at(i, k) * w_at(k, j);
                y.push_back(bent{}(sum));
            }
        return y;
    }
    std::vector<double> dx_in_double() const {
        std::vector<double> dx;
        for (index i = 0; i < s.batch; ++i)
            for (index k = 0; k < s.features; ++k) {
                double sum = 0;
                for (index j = 0; j < s.units; ++j) sum += dy_at(i, j) * w_at(k, j);
                dx.push_back(sum * bent{}.slope(x_at(i, k)));
            }
        return dx;
    }
    std::vector<double> dw_in_double() const {
        std::vector<double> dw(static_cast<std::size_t>(s.features * s.units));
        for (index i = 0; i < s.batch; ++i)
            for (index k = 0; k < s.features; ++k)
                for (index j = 0; j < s.units; ++j)
                    dw[static_cast<std::size_t>(k * s.units + j)] += x_at(i, k) * dy_at(i, j);
        return dw;
    }
    static double tolerance(index terms) {
        return 4 * static_cast<double>(std::numeric_limits<T>::epsilon()) * (static_cast<double>(terms) + 1);
    }

    std::vector<T> y(dense_algorithm a, bool bias = true) {
        guarded<T> out(poisoned<T>(s.batch * s.units)), gx(x), gw(w), gb(b);
        poisoned_scratch scratch(dense_scratch<T>(s, threads(), false));
        dense_forward(out.data(), gx.data(), gw.data(), bias ? gb.data() : nullptr, s, threads(),
                      scratch.data(), bent{}, a);
        CHECK(out.intact());
        return out.values();
    }
    std::vector<T> dx(dense_algorithm a) {
        guarded<T> out(poisoned<T>(s.batch * s.features)), gx(x), gw(w), gdy(dy);
        poisoned_scratch scratch(dense_scratch<T>(s, threads(), true));
        dense_backward_data(out.data(), gdy.data(), gw.data(), s, threads(), scratch.data(), gx.data(),
                            bent{}, a);
        CHECK(out.intact());
        return out.values();
    }
    std::vector<T> dw(dense_algorithm a) {
        guarded<T> out(poisoned<T>(s.features * s.units)), db(poisoned<T>(s.units)), gx(x), gdy(dy);
        poisoned_scratch scratch(dense_scratch<T>(s, threads(), true));
        dense_backward_weights(out.data(), db.data(), gx.data(), gdy.data(), s, threads(), scratch.data(), a);
        CHECK(out.intact());
        CHECK(db.intact());
        for (index j = 0; j < s.units; ++j) {
            double sum = 0;
            for (index i = 0; i < s.batch; ++i) sum += dy_at(i, j);
            CHECK(std::abs(static_cast<double>(db.data()[j]) - sum) <= tolerance(s.batch));
        }
        return out.values();
    }
};

} // namespace

TEMPLATE_TEST_CASE("dense products: every algorithm, odd sizes, poisoned memory", "[kernels]", float,
                   double) {
    const auto s =
        GENERATE(dense_sizes{1, 1, 1}, dense_sizes{1, 37, 10}, dense_sizes{2, 5, 33}, dense_sizes{3, 301, 7},
                 dense_sizes{7, 17, 64}, dense_sizes{13, 64, 31}, dense_sizes{14, 1024, 17},
                 dense_sizes{15, 512, 100}, dense_sizes{31, 30, 10}, dense_sizes{33, 530, 129},
                 dense_sizes{64, 1100, 3}, dense_sizes{100, 60, 30}, dense_sizes{129, 257, 65},
                 dense_sizes{300, 20, 48}, dense_sizes{9, 40, 512}, dense_sizes{5, 2100, 40});
    CAPTURE(s.batch, s.features, s.units);
    dense_case<TestType> c{s};
    const auto y = c.y_in_double(true), plain_y = c.y_in_double(false), dx = c.dx_in_double(),
               dw = c.dw_in_double();
    for (const auto a : forward_algorithms) {
        CAPTURE(static_cast<int>(a));
        CHECK(largest_difference(c.y(a), y) <= 2 * c.tolerance(s.features));
        CHECK(largest_difference(c.y(a, false), plain_y) <= 2 * c.tolerance(s.features));
    }
    for (const auto a : data_algorithms) {
        CAPTURE(static_cast<int>(a));
        CHECK(largest_difference(c.dx(a), dx) <= 2 * c.tolerance(s.units));
    }
    for (const auto a : weights_algorithms) {
        CAPTURE(static_cast<int>(a));
        CHECK(largest_difference(c.dw(a), dw) <= c.tolerance(s.batch));
    }
}

TEMPLATE_TEST_CASE("dense products: many rows in strips, blocks of columns and steps", "[kernels]", float,
                   double) {
    // steps of more than one block, a strip and a panel; sides long enough for a weight gradient packed at
    // once
    const auto s = GENERATE(dense_sizes{600, 301, 45}, dense_sizes{37, 5200, 34}, dense_sizes{60, 34, 5200},
                            dense_sizes{270, 1200, 333});
    CAPTURE(s.batch, s.features, s.units);
    dense_case<TestType> c{s};
    CHECK(largest_difference(c.y(dense_algorithm::tiled), c.y_in_double(true))
          <= 2 * c.tolerance(s.features));
    CHECK(largest_difference(c.dx(dense_algorithm::tiled), c.dx_in_double()) <= 2 * c.tolerance(s.units));
    CHECK(largest_difference(c.dw(dense_algorithm::tiled), c.dw_in_double()) <= c.tolerance(s.batch));
}

TEMPLATE_TEST_CASE("dense products: the same bits for any number of threads", "[kernels]", float, double) {
    const int before = threads();
    const auto s = GENERATE(dense_sizes{200, 784, 50}, dense_sizes{64, 1024, 100}, dense_sizes{40, 300, 1000},
                            dense_sizes{2, 2000, 1000});
    CAPTURE(s.batch, s.features, s.units);
    dense_case<TestType> c{s};
    for (const auto a : forward_algorithms) {
        threads(1);
        const auto one = c.y(a);
        for (const int count : {2, 3, 5}) {
            threads(count);
            CHECK(c.y(a) == one);
        }
    }
    for (const auto a : data_algorithms) {
        threads(1);
        const auto one = c.dx(a);
        for (const int count : {2, 3, 5}) {
            threads(count);
            CHECK(c.dx(a) == one);
        }
    }
    for (const auto a : weights_algorithms) {
        threads(1);
        const auto one = c.dw(a);
        for (const int count : {2, 3, 5}) {
            threads(count);
            CHECK(c.dw(a) == one);
        }
    }
    threads(before);
}

TEST_CASE("dense products: scratch memory for a batch is enough for every smaller one", "[kernels]") {
    for (const index features : {10, 300, 512, 1024, 5408})
        for (const index units : {1, 10, 100, 512, 1024}) {
            index last = 0;
            for (index batch = 1; batch <= 520; ++batch) {
                const index bytes = dense_scratch<float>({batch, features, units}, 2, true);
                CHECK(bytes >= last);
                last = bytes;
            }
        }
}

TEST_CASE("dense products: pieces cover the threads when there is enough work", "[kernels]") {
    const auto pieces = [](index rows, index columns, index steps, int threads) {
        const auto cut = product_cut::of(rows, columns, steps, 16, 4, threads);
        return cut.down * cut.across;
    };
    CHECK(pieces(100, 10, 200, 2) == 1);
    CHECK(pieces(200, 500, 784, 1) == 1);
    CHECK(pieces(200, 500, 784, 2) == 2);
    CHECK(pieces(200, 10, 5408, 4) == 4); // of rows: there is one vector of columns
    CHECK(pieces(1, 4096, 4096, 4) == 4); // of columns: there is one row
}

} // namespace strata::test
