#include <strata/core/simd.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace strata {
namespace {

template <class T> using vector = detail::vector_of<T>;
constexpr double guard = 12345;

template <class T> std::vector<T> elements(const vector<T>& v) {
    std::vector<T> out(static_cast<std::size_t>(detail::lanes<T>));
    detail::store(out.data(), v);
    return out;
}
/// 1, 2, 3 ...
template <class T> std::vector<T> counted(index n) {
    std::vector<T> out(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(i + 1);
    return out;
}

} // namespace

TEMPLATE_TEST_CASE("a vector is a power of two of elements", "", float, double) {
    static_assert(std::has_single_bit(static_cast<std::size_t>(detail::lanes<TestType>)));
    static_assert(detail::lanes<float> == 2 * detail::lanes<double>);
    static_assert(sizeof(vector<TestType>) == sizeof(TestType) * detail::lanes<TestType>);
    SUCCEED();
}

TEMPLATE_TEST_CASE("vectors are read and written wherever they lie", "", float, double) {
    using T = TestType;
    constexpr index n = detail::lanes<T>;
    const auto x = counted<T>(3 * n);
    for (index at = 0; at <= n; ++at) {
        std::vector<T> y(x.size(), T(guard)), expected = y;
        for (index i = 0; i < n; ++i)
            expected[static_cast<std::size_t>(n + i)] = x[static_cast<std::size_t>(at + i)];
        detail::store(y.data() + n, detail::load(x.data() + at));
        CHECK(y == expected);
    }
}

TEMPLATE_TEST_CASE("a part of a vector: other lanes are 0, other memory is not touched", "", float, double) {
    using T = TestType;
    constexpr index n = detail::lanes<T>;
    for (index part = 1; part <= n; ++part) {
        CAPTURE(part);
        const auto x = counted<T>(part); // to the element: the address sanitizer sees more
        auto expected = x;
        expected.resize(static_cast<std::size_t>(n), T(0));
        CHECK(elements<T>(detail::load(x.data(), part)) == expected);

        std::vector<T> y(static_cast<std::size_t>(n) + 2, T(guard)), wanted = y;
        std::copy_n(counted<T>(n).begin(), part, wanted.begin() + 1);
        detail::store(y.data() + 1, detail::load(counted<T>(n).data()), part);
        CHECK(y == wanted);
        auto exact = std::vector<T>(static_cast<std::size_t>(part));
        detail::store(exact.data(), detail::load(counted<T>(n).data()), part);
        CHECK(exact == x);
    }
}

TEMPLATE_TEST_CASE("vector_loop: whole vectors from the beginning, and what is left", "", float, double) {
    constexpr index n = detail::lanes<TestType>;
    for (const index begin : {0, 1, 7})
        for (index count = 0; count <= 3 * n + 1; ++count) {
            std::vector<index> places, parts, expected;
            detail::vector_loop<TestType>(begin, begin + count, [&](index i, auto... part) {
                places.push_back(i);
                (parts.push_back(part), ...);
            });
            for (index i = begin; i < begin + count; i += n) expected.push_back(i);
            CAPTURE(begin, count);
            CHECK(places == expected);
            CHECK(parts == (count % n > 0 ? std::vector<index>{count % n} : std::vector<index>{}));
        }
}

TEMPLATE_TEST_CASE("multiply_add is a b + c, rounded once where the machine can", "", float, double) {
    using T = TestType;
    constexpr index n = detail::lanes<T>;
    const auto a = counted<T>(n);
    std::vector<T> b(a.size()), c(a.size()), sums(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        b[i] = T(2) - a[i];
        c[i] = T(100) * a[i];
        sums[i] = a[i] * b[i] + c[i];
    }
    CHECK(elements<T>(
              detail::multiply_add(detail::load(a.data()), detail::load(b.data()), detail::load(c.data())))
          == sums);

#if defined(__FMA__) || defined(__aarch64__)
    const T unit = std::numeric_limits<T>::epsilon();
    const auto once =
        elements<T>(detail::multiply_add(vector<T>(T(1) + unit), vector<T>(T(1) - unit), vector<T>(T(-1))));
    CHECK(once == std::vector<T>(a.size(), -unit * unit)); // 0 when the product is rounded first
#endif
}

TEMPLATE_TEST_CASE("elements become doubles, as many as a vector of doubles has", "", float, double) {
    using T = TestType;
    constexpr index n = detail::lanes<double>;
    std::vector<T> x(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = T(1) / static_cast<T>(i + 3);
    CHECK(elements<double>(detail::load_as_double(x.data())) == std::vector<double>(x.begin(), x.end()));
}

TEMPLATE_TEST_CASE("sums and roots of vectors", "", float, double) {
    using T = TestType;
    constexpr index n = detail::lanes<T>;
    const auto x = counted<T>(n);
    CHECK(detail::sum_of(detail::load(x.data())) == static_cast<T>(n * (n + 1) / 2));

    const auto roots = elements<T>(detail::square_root(detail::load(x.data())));
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(roots[i] == std::sqrt(x[i]));
    CHECK(std::isnan(elements<T>(detail::square_root(vector<T>(T(-1))))[0]));
}

TEMPLATE_TEST_CASE("a vector that is kept in a register stays as it was", "", float, double) {
    using T = TestType;
    const auto x = counted<T>(detail::lanes<T>);
    auto v = detail::load(x.data());
    detail::keep_in_register<T>(v);
    CHECK(elements<T>(v) == x);
}

} // namespace strata
