#include <strata/kernels/gemm.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/arrays.hpp"
#include "support/catch.hpp"

namespace strata::test {
namespace {

/// The element of op(a) in row i and column j.
template <class T> double at(matrix<T> a, index i, index j) {
    return static_cast<double>(a.transposed ? a.data[j * a.stride + i] : a.data[i * a.stride + j]);
}

template <class T> void compare(index m, index n, index k, bool ta, bool tb, T beta) {
    CAPTURE(m, n, k, ta, tb, beta);
    const index spare = 3; // strides longer than the rows
    const index lda = (ta ? m : k) + spare, ldb = (tb ? k : n) + spare, ldc = n + spare;
    const auto a = numbers<T>((ta ? k : m) * lda, 1), b = numbers<T>((tb ? n : k) * ldb, 2);
    auto c = numbers<T>(m * ldc, 3);
    if (beta == T(0)) c = poisoned<T>(m * ldc);
    const auto before = c;
    const matrix<T> x{a.data(), lda, ta}, y{b.data(), ldb, tb};

    auto serial = c;
    gemm_serial(serial.data(), ldc, x, y, m, n, k, beta);
    gemm(c.data(), ldc, x, y, m, n, k, beta);

    const double tolerance =
        4 * static_cast<double>(std::numeric_limits<T>::epsilon()) * (static_cast<double>(k) + 1);
    double worst = 0;
    bool outside_untouched = true;
    for (index i = 0; i < m; ++i)
        for (index j = 0; j < ldc; ++j) {
            const auto here = static_cast<std::size_t>(i * ldc + j);
            if (j >= n) {
                outside_untouched &= c[here] == before[here] || (beta == T(0) && std::isnan(c[here]));
                continue;
            }
            double sum = beta == T(0) ? 0 : static_cast<double>(beta) * static_cast<double>(before[here]);
            for (index l = 0; l < k; ++l) sum += at(x, i, l) * at(y, l, j);
            for (const T value : {c[here], serial[here]}) {
                const double off = std::abs(static_cast<double>(value) - sum);
                worst = off <= worst ? worst : off; // a NaN stays
            }
        }
    CHECK(worst <= tolerance);
    CHECK(outside_untouched);
}

} // namespace

TEMPLATE_TEST_CASE("gemm: every transpose, odd sizes, beta 0 and 1", "[kernels]", float, double) {
    for (const bool ta : {false, true})
        for (const bool tb : {false, true})
            for (const TestType beta : {TestType(0), TestType(1), TestType(0.5)}) {
                compare<TestType>(1, 1, 1, ta, tb, beta);
                compare<TestType>(7, 5, 3, ta, tb, beta);
                compare<TestType>(1, 33, 17, ta, tb, beta);
                compare<TestType>(65, 1, 29, ta, tb, beta);
                compare<TestType>(100, 10, 200, ta, tb, beta);
                compare<TestType>(131, 203, 97, ta, tb, beta); // several tiles, the last ones short
            }
}

TEMPLATE_TEST_CASE("gemm: an empty inner size writes zeros, empty results write nothing", "[kernels]", float,
                   double) {
    auto c = poisoned<TestType>(6);
    gemm<TestType>(c.data(), 3, plain<TestType>(nullptr, 1), plain<TestType>(nullptr, 3), 2, 3, 0);
    for (const auto value : c) CHECK(value == TestType(0));
    std::fill(c.begin(), c.end(), TestType(7));
    gemm_serial<TestType>(c.data(), 3, plain<TestType>(nullptr, 1), plain<TestType>(nullptr, 3), 2, 3, 0, 1);
    gemm<TestType>(c.data(), 3, plain<TestType>(nullptr, 4), plain<TestType>(nullptr, 3), 0, 3, 4);
    gemm<TestType>(c.data(), 3, plain<TestType>(nullptr, 4), plain<TestType>(nullptr, 3), 2, 0, 4);
    for (const auto value : c) CHECK(value == TestType(7));
}

TEST_CASE("gemm: the epilogue sees every element once, after it is finished", "[kernels]") {
    const index m = 300, n = 170, k = 90;
    const auto a = numbers<float>(m * k, 1), b = numbers<float>(k * n, 2);
    std::vector<float> c(m * n), expected(m * n);
    gemm(expected.data(), n, plain(a.data(), k), plain(b.data(), n), m, n, k);
    gemm(c.data(), n, plain(a.data(), k), plain(b.data(), n), m, n, k, 0,
         [&](index i_begin, index i_end, index j_begin, index j_end) {
             for (index i = i_begin; i < i_end; ++i)
                 for (index j = j_begin; j < j_end; ++j) c[static_cast<std::size_t>(i * n + j)] += 10;
         });
    for (auto& value : expected) value += 10;
    CHECK(c == expected);
}

TEMPLATE_TEST_CASE("gemm: the same bits for any number of threads", "[kernels]", float, double) {
    const int before = threads();
    const index m = 257, n = 211, k = 301;
    const auto a = numbers<TestType>(m * k, 1), b = numbers<TestType>(k * n, 2);
    std::vector<TestType> one(m * n), more(m * n);
    threads(1);
    gemm(one.data(), n, plain(a.data(), k), plain(b.data(), n), m, n, k);
    for (const int count : {2, 3, 4}) {
        threads(count);
        more = poisoned<TestType>(m * n);
        gemm(more.data(), n, plain(a.data(), k), plain(b.data(), n), m, n, k);
        CHECK(more == one);
    }
    threads(before);
}

TEST_CASE("gemm: tiles cover the product and small ones stay whole", "[kernels]") {
    CHECK(gemm_tiles::of(100, 10, 200).rows == 100);
    CHECK(gemm_tiles::of(100, 10, 200).columns == 10);
    CHECK(gemm_tiles::of(2000, 2000, 2000).rows < 2000);
}

TEST_CASE("gemm: sizes that BLAS cannot take are an argument_error with the number", "[kernels]") {
    float c = 0;
    const index huge = index(INT_MAX) + 1;
    CHECK_THROWS_AS(gemm(&c, 1, plain(&c, 1), plain(&c, 1), huge, 1, 1), argument_error);
    std::string text;
    try {
        gemm_serial(&c, huge, plain(&c, 1), plain(&c, 1), 1, 1, 1);
    } catch (const argument_error& e) { text = e.what(); }
    CHECK(text.find("2147483648") != std::string::npos);
    CHECK(text.find("2147483647") != std::string::npos);
    CHECK_THROWS_AS(gemm(&c, 1, plain(&c, 1), plain(&c, 1), -1, 1, 1), argument_error);
}

} // namespace strata::test
