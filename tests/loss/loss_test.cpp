#include <strata/loss/binary_cross_entropy.hpp>
#include <strata/loss/hinge.hpp>
#include <strata/loss/loss.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/loss_check.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// A user's own loss: the mean of |z - y|.
struct mean_absolute_error {
    template <class T>
    double operator()(const T* output, std::span<const T> targets, T* gradient, strata::index batch,
                      strata::index outputs) const {
        strata::detail::check_targets(targets, batch, outputs);
        const T share = T(1) / static_cast<T>(batch * outputs);
        return strata::detail::sum_rows(batch, outputs,
                                        [&](strata::index i) {
                                            double sum = 0;
                                            for (strata::index k = 0; k < outputs; ++k) {
                                                const auto at = static_cast<std::size_t>(i * outputs + k);
                                                const T difference = output[at] - targets[at];
                                                if (gradient) gradient[at] = std::copysign(share, difference);
                                                sum += std::abs(static_cast<double>(difference));
                                            }
                                            return sum;
                                        })
               / static_cast<double>(batch * outputs);
    }
};

static_assert(loss_function<softmax_cross_entropy, float, label>);
static_assert(loss_function<softmax_cross_entropy, double, double>);
static_assert(loss_function<mean_absolute_error, double, double>);
static_assert(!loss_function<mean_absolute_error, float, label>);
static_assert(!loss_function<int, float, label>);

/// Whole numbers of which every sum is exact, in whatever order.
template <class T> std::vector<T> exact_numbers(strata::index count) {
    std::vector<T> x(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i % 13) - T(4);
    return x;
}

/// Counts of elements that end within and at the end of a vector, of a sum of vectors and of a chunk.
const strata::index counts[] = {0,    1,    3,    15,   16,     17,     100,     1023,    1024,    1025,
                                4095, 4096, 4097, 5121, 64'000, 64'001, 262'143, 262'144, 262'145, 1'000'003};

} // namespace

TEST_CASE("targets are one label a sample or one row a sample") {
    const auto message = [](const auto& targets, strata::index batch, strata::index outputs) {
        using target = typename std::decay_t<decltype(targets)>::value_type;
        return argument_message(
            [&] { strata::detail::check_targets(std::span<const target>(targets), batch, outputs); });
    };
    const std::vector<label> labels{0, 4, 2};
    const std::vector<float> rows(15);
    CHECK_NOTHROW(strata::detail::check_targets(std::span<const label>(labels), 3, 5));
    CHECK_NOTHROW(strata::detail::check_targets(std::span<const float>(rows), 3, 5));
    CHECK(message(labels, 3, 4)
          == "label 4 at position 1 of the batch is not in 0 .. 3: the network has 4 outputs");
    CHECK(message(labels, 2, 5) == "a batch of 2 samples needs as many labels: got 3");
    CHECK(message(rows, 3, 4) == "a batch of 3 samples with 4 outputs needs 12 target values: got 15");
    CHECK(message(rows, 0, 5) == "a loss needs at least one sample: the batch has 0");
    CHECK(message(labels, -1, 5) == "a loss needs at least one sample: the batch has -1");
    // labels of another type are rows of numbers
    static_assert(strata::detail::is_label<label> && !strata::detail::is_label<std::int64_t>);
}

TEMPLATE_TEST_CASE("sum_vectors meets every element once and adds exact numbers exactly", "", float, double) {
    using T = TestType;
    for (const strata::index count : counts) {
        CAPTURE(count);
        const auto x = exact_numbers<T>(count); // to the element: the address sanitizer sees more
        std::vector<T> seen(x.size());
        const T* const from = x.data();
        T* const to = seen.data();
        const double sum = strata::detail::sum_vectors<T>(count, [=](strata::index i, auto... part) {
            const auto v = strata::detail::load(from + i, part...);
            strata::detail::store(to + i, strata::detail::load(to + i, part...) + (v + v), part...);
            return v;
        });
        CHECK(sum == std::accumulate(x.begin(), x.end(), 0.0));
        bool once = true;
        for (std::size_t i = 0; i < x.size(); ++i) once &= seen[i] == 2 * x[i];
        CHECK(once);
    }
}

TEST_CASE("sum_vectors of floats goes on in double after a thousand") {
    // in float 2^24 + 1 is 2^24: behind a vector of those the ones are lost, until a new sum is begun
    constexpr strata::index count = 4096, n = strata::detail::lanes<float>;
    std::vector<float> x(count, 1.f);
    std::fill_n(x.begin(), n, 16'777'216.f);
    const double exact = 16'777'216.0 * n + (count - n);
    const double sum = strata::detail::sum_vectors<float>(
        count, [&](strata::index i, auto... part) { return strata::detail::load(x.data() + i, part...); });
    CHECK(std::abs(sum - exact) <= 1024);
}

TEST_CASE("sum_rows adds every row once, wide rows and narrow ones") {
    for (const strata::index outputs : {0, 1, 10, 4095, 4096, 5000})
        for (const strata::index rows : {0, 1, 2, 63, 64, 65, 1000, 30'011}) {
            CAPTURE(rows, outputs);
            std::vector<int> seen(static_cast<std::size_t>(rows));
            const double sum = strata::detail::sum_rows(rows, outputs, [&](strata::index i) {
                ++seen[static_cast<std::size_t>(i)];
                return static_cast<double>(i);
            });
            CHECK(seen == std::vector<int>(seen.size(), 1));
            CHECK(sum == static_cast<double>(rows * (rows - 1) / 2));
        }
}

TEST_CASE("sums have the same bits from any number of threads, and small ones wake no team") {
    const int before = threads();
    for (const strata::index count : counts) {
        CAPTURE(count);
        const auto x = loss_numbers(count, 9, -1, 1);
        const auto sum = [&](int number) {
            threads(number);
            const double rows = strata::detail::sum_rows(
                count, 1, [&](strata::index i) { return x[static_cast<std::size_t>(i)]; });
            const double vectors =
                strata::detail::sum_vectors<double>(count, [&](strata::index i, auto... part) {
                    return strata::detail::load(x.data() + i, part...);
                });
            return std::pair(rows, vectors);
        };
        const auto one = sum(1);
        for (const int number : {2, 3, 5}) CHECK(sum(number) == one);
        CHECK(one.first == Approx(std::accumulate(x.begin(), x.end(), 0.0)).margin(1e-9));
        CHECK(one.second == Approx(one.first).margin(1e-9));
    }
    threads(4);
    int others = 0;
    strata::detail::sum_rows(19'999, 1, [&](strata::index) { return others += omp_get_num_threads() - 1; });
    CHECK(others == 0);
    threads(before);
}

TEST_CASE("chunks of a sum are at least of the grain asked for, and at most 64") {
    for (const strata::index count : {1, 100, 6400, 6401, 1'000'000})
        for (const strata::index grain : {1, 10, 100}) {
            const int before = threads();
            threads(1);
            strata::index chunks = 0, covered = 0, smallest = count;
            strata::detail::sum_chunks_of(count, grain, 0, [&](strata::index begin, strata::index end) {
                CHECK(begin == covered);
                ++chunks;
                covered = end;
                if (end < count) smallest = std::min(smallest, end - begin);
                return 0.0;
            });
            threads(before);
            CAPTURE(count, grain, chunks);
            CHECK(covered == count);
            CHECK(chunks <= 64);
            CHECK((chunks == 1 || smallest >= grain));
        }
}

TEST_CASE("the target of an output is the row's number, or 1 at the label") {
    const std::vector<label> labels{2, 0};
    const std::vector<float> rows{0.5f, 1, 2, 3, 4, 5.5f};
    std::vector<double> from_labels, from_rows;
    for (const strata::index i : {0, 1})
        for (const strata::index k : {0, 1, 2}) {
            from_labels.push_back(
                strata::detail::target_value<double>(std::span<const label>(labels), i, k, 3));
            from_rows.push_back(strata::detail::target_value<double>(std::span<const float>(rows), i, k, 3));
        }
    CHECK(from_labels == std::vector<double>{0, 0, 1, 1, 0, 0});
    CHECK(from_rows == std::vector<double>{0.5, 1, 2, 3, 4, 5.5});
}

TEST_CASE("a loss of one's own is a few lines") {
    const auto targets = loss_numbers(35, 1, -3, 3);
    check_loss_gradient(mean_absolute_error{}, targets, 5, 7);
    check_loss_threads(mean_absolute_error{}, loss_numbers(1001 * 37, 2, -1, 1), 1001, 37);
    check_bad_rows(mean_absolute_error{});
}
