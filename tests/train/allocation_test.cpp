// A training step allocates nothing once warm: every allocation of this program is counted.

#include <strata/core/buffer.hpp>
#include <strata/core/parallel.hpp>
#include <strata/data/batches.hpp>
#include <strata/data/prefetch.hpp>
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
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/concatenate.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/frozen.hpp>
#include <strata/layers/global_max_pool.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/maxout.hpp>
#include <strata/layers/prelu.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/scale.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/adadelta.hpp>
#include <strata/optim/adagrad.hpp>
#include <strata/optim/adam.hpp>
#include <strata/optim/rmsprop.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/train/trainer.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "support/catch.hpp"

// A sanitizer has functions of its own in the place of malloc: there the same steps run uncounted.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRATA_TEST_SANITIZED
#elif defined(__has_feature) // clang's way; other headers define it for g++, as 0
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STRATA_TEST_SANITIZED
#endif
#endif
#if defined(__GLIBC__) && !defined(STRATA_TEST_SANITIZED)
#define STRATA_TEST_COUNTS
#endif

namespace {

std::atomic<bool> counting{false};
std::atomic<long> allocations{0};

} // namespace

#if defined(STRATA_TEST_COUNTS)

#include <dlfcn.h>

namespace {

/// Whether code at this address belongs to the BLAS library: OpenBLAS has kernels for small products that
/// allocate, which is not strata's to change.
bool is_in_blas(const void* caller) {
    static const void* const blas = [] {
        Dl_info here{}, library{};
        dladdr(reinterpret_cast<const void*>(&is_in_blas), &here);
        const void* const gemm = dlsym(RTLD_DEFAULT, "cblas_sgemm");
        const bool found = gemm && dladdr(gemm, &library) != 0 && library.dli_fbase != here.dli_fbase;
        return found ? library.dli_fbase : nullptr;
    }();
    Dl_info place{};
    return blas && dladdr(caller, &place) != 0 && place.dli_fbase == blas;
}

void count(const void* caller) {
    if (counting && !is_in_blas(caller)) ++allocations;
}

} // namespace

// operator new, std::aligned_alloc and what libraries allocate all end in these.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
    count(__builtin_return_address(0));
    return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
    count(__builtin_return_address(0));
    return __libc_calloc(number, size);
}
void* realloc(void* old, std::size_t size) {
    count(__builtin_return_address(0));
    return __libc_realloc(old, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}
int posix_memalign(void** place, std::size_t alignment, std::size_t size) {
    count(__builtin_return_address(0));
    *place = __libc_memalign(alignment, size);
    return *place ? 0 : ENOMEM;
}
}

#endif

using namespace strata;

namespace {

template <class F> long allocations_of(const F& f) {
    allocations = 0;
    counting = true;
    f();
    counting = false;
    return allocations;
}

auto random_digits(shape sample, strata::index count) {
    const auto size = [](strata::index n) { return static_cast<std::size_t>(n); };
    auto x = tensor<std::uint8_t, 4>::from_shape(
        {size(count), size(sample.height), size(sample.width), size(sample.channels)});
    auto y = tensor<std::uint8_t, 1>::from_shape({size(count)});
    const random_source random{1, 2};
    for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<std::uint8_t>(random.below(i, 256));
    for (std::size_t i = 0; i < y.size(); ++i) y(i) = static_cast<std::uint8_t>(i % 10);
    return data::dataset(std::move(x), std::move(y));
}

/// Three epochs behind the first, with a short last batch and a new order in each: prefetching, forward,
/// loss, backward, update.
template <class Network, class Dataset, class Optimizer>
void check_steps_on(const Dataset& digits, const std::string& what, Network net, const Optimizer& rule,
                    const training_terms& terms) {
    for (const int count : {1, 2, 3}) {
        threads(count);
        trainer worker(net, softmax_cross_entropy{}, rule, terms);
        auto ahead =
            data::prefetch<typename Network::value_type>(data::batches(digits, {.size = 64, .seed = 1}));
        const auto epoch = [&] {
            for (int step = 0; step < 3; ++step) worker.step(ahead.next());
        };
        epoch();
        ahead.next(); // the thread that prepares batches has begun an epoch by itself
        const long found = allocations_of([&] {
            for (int i = 0; i < 3; ++i) epoch();
        });
        INFO(what << " with " << count << " threads");
        CHECK(found == 0);
    }
}

template <class Network, class Optimizer>
void check_steps(const std::string& what, const Network& net, const Optimizer& rule,
                 const training_terms& terms = {}) {
    check_steps_on(random_digits(Network::input_shape, 150), what, net, rule, terms);
}

struct default_threads {
    int count = threads();
    ~default_threads() { threads(count); }
};

using dense_net = network<input<12, 12, 1>, flatten, dense<300>, relu, dropout, dense<200, no_bias>,
                          batch_norm<>, relu, dense<10>>;

} // namespace

#if defined(STRATA_TEST_COUNTS)
TEST_CASE("allocations are counted, however they are made") {
    void* volatile kept = nullptr;
    CHECK(allocations_of([&] { kept = std::malloc(10); }) == 1);
    CHECK(allocations_of([&] { kept = std::realloc(kept, 100'000); }) >= 1);
    std::free(kept);
    CHECK(allocations_of([&] { kept = std::calloc(10, 10); }) == 1);
    std::free(kept);
    CHECK(allocations_of([&] { kept = std::aligned_alloc(64, 128); }) == 1);
    std::free(kept);
    CHECK(allocations_of([&] { kept = new int; }) == 1);
    delete static_cast<int*>(kept);
    CHECK(allocations_of([] { buffer<float> b(10); }) == 1);
    CHECK(allocations_of([] { const workspace unused; }) == 0);
}
#endif

TEST_CASE("a training step of dense layers, dropout and batch norm allocates nothing once warm") {
    const default_threads restore;
    check_steps("sgd", dense_net(), sgd{});
    check_steps("momentum", dense_net(), sgd{.momentum = 0.9}, {.l2 = 1e-4, .clip_norm = 1});
    check_steps("adam", dense_net(), adam{}, {.average = moving_average{}});
    check_steps("adamw", dense_net(), adamw{});
    check_steps("rmsprop", dense_net(), rmsprop{});
    check_steps("adagrad", dense_net(), adagrad{});
    check_steps("adadelta", dense_net(), adadelta{});
}

TEST_CASE("a training step of convolutions, pooling and residual blocks allocates nothing once warm") {
    const default_threads restore;
    using block = sequence<conv2d<conv{.filters = 8, .kernel = 3, .padding = same}>, batch_norm<>, relu>;
    using image_net =
        network<input<12, 12, 1>, conv2d<conv{.filters = 8, .kernel = 5, .padding = same}>, relu,
                max_pool2d<pool{.size = 2}>, residual<block>, flatten, dropout, dense<10>>;
    check_steps("adam", image_net(), adam{.learning_rate = exponential_decay{.initial = 0.001}},
                {.weight_decay = 1e-3, .clip_norm = 10});
}

TEST_CASE("a training step of joined branches, maxout, prelu and frozen layers allocates nothing once warm") {
    const default_threads restore;
    constexpr conv six{.filters = 6, .kernel = 3, .padding = same};
    using joined_net =
        network<input<12, 12, 1>, frozen<conv2d<six>>, prelu<>, conv2d<six>, maxout<2>,
                concatenate<identity, sequence<batch_norm<>, relu, conv2d<six>>, max_pool2d<pool{.size = 1}>>,
                frozen<sequence<conv2d<six>, batch_norm<>>>, prelu<shared_slope>, global_max_pool, dense<10>,
                scale>;
    check_steps("momentum", joined_net(), sgd{.momentum = 0.9}, {.l2 = 1e-4});
}

TEST_CASE("a training step with all transforms allocates nothing once warm") {
    const default_threads restore;
    const auto digits = random_digits(dense_net::input_shape, 150);
    const auto changed =
        digits.with(affine{.rotation = 10, .scale = 0.1}, elastic{}, brightness{}, contrast{},
                    subtract_mean_image::of(digits), standardise::of(digits), random_crop{}, translate{},
                    horizontal_flip{}, alternating_flip{}, cutout{});
    check_steps_on(changed, "sgd", dense_net(), sgd{}, {});
}

TEST_CASE("inference with a workspace allocates nothing once warm") {
    const dense_net net;
    const buffer<float> x(70 * dense_net::input_size);
    buffer<float> y(70 * 10);
    workspace room;
    net.forward(x.data(), y.data(), 70, room);
    CHECK(allocations_of([&] {
              net.forward(x.data(), y.data(), 70, room);
              net.forward(x.data(), y.data(), 3, room);
          })
          == 0);
}
