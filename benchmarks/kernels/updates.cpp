// The update of all parameters by each optimizer: 10,000 parameters, which stay in a cache, and as many as M6
// and M8 have.

#include <strata/core/tensor.hpp>
#include <strata/optim/adadelta.hpp>
#include <strata/optim/adagrad.hpp>
#include <strata/optim/adam.hpp>
#include <strata/optim/rmsprop.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/optim/update.hpp>

#include <array>
#include <cmath>
#include <string>

#include "kernels/kernels.hpp"
#include "support/arrays.hpp"
#include "support/xtensor.hpp"

namespace {

constexpr double rate = 1e-6;

/// The arrays of one optimizer.
struct state {
    bench::array values, gradients, average;
    std::array<bench::array, 2> slots;

    explicit state(strata::index size)
        : values(bench::numbers(size)), gradients(bench::numbers(size)), average(bench::numbers(size)) {
        for (auto& slot : slots) {
            slot = bench::numbers(size);
            for (float& value : *slot) value = 1 + std::abs(value); // squares are not negative
        }
    }
};

template <class Optimizer>
std::function<void()> update(const Optimizer& rule, strata::index size, const state& s,
                             const strata::update_terms& terms = {}) {
    return [=] {
        const std::array<float*, 2> slots{s.slots[0]->data(), s.slots[1]->data()};
        const strata::parameter_span all[] = {{0, size, strata::kind::weight}};
        strata::update(rule,
                       strata::update_buffers<float>{s.values->data(), s.gradients->data(), slots, all,
                                                     terms.average_rate > 0 ? s.average->data() : nullptr},
                       terms);
    };
}

/// Adam element by element, as its formula stands.
void adam_reference(const state& s, strata::index size) {
    float *const w = s.values->data(), *const m = s.slots[0]->data(), *const v = s.slots[1]->data();
    const float* const g = s.gradients->data();
    const float correction1 = 0.1f, correction2 = 0.001f;
    for (strata::index i = 0; i < size; ++i) {
        m[i] = 0.9f * m[i] + 0.1f * g[i];
        v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
        w[i] -= static_cast<float>(rate) * (m[i] / correction1) / (std::sqrt(v[i] / correction2) + 1e-8f);
    }
}

/// The same in xtensor expressions.
void adam_xtensor(const state& s, strata::index size) {
    const auto view = [&](const bench::array& a) { return strata::view<float, 1>(a->data(), {size}); };
    auto w = view(s.values), g = view(s.gradients), m = view(s.slots[0]), v = view(s.slots[1]);
    xt::noalias(m) = 0.9f * m + 0.1f * g;
    xt::noalias(v) = 0.999f * v + 0.001f * g * g;
    xt::noalias(w) = w - static_cast<float>(rate) * (m / 0.1f) / (xt::sqrt(v / 0.001f) + 1e-8f);
}

} // namespace

void add_updates(std::vector<bench::subject>& to) {
    using namespace strata;
    for (const strata::index size :
         {strata::index{10'000}, strata::index{1'150'000}, strata::index{5'550'000}}) {
        const auto add = [&](const std::string& name, int slots, bool average, auto ways) {
            const double one = sizeof(float) * static_cast<double>(size);
            bench::subject subject;
            subject.name = name + "/" + std::to_string(size);
            subject.what = "update";
            subject.bytes =
                one * (3 + 2 * slots + 2 * average); // all are read, all but the gradients written
            subject.footprint = one * (2 + slots + average);
            subject.ways = [=] { return ways(state(size)); };
            to.push_back(subject);
        };
        const auto plain_ways = [=](const auto& rule) {
            return [=](const state& s) {
                return std::vector<bench::way>{{bench::automatic, update(rule, size, s)}};
            };
        };
        add("sgd", 0, false, plain_ways(sgd{.learning_rate = rate}));
        add("sgd+momentum", 1, false, plain_ways(sgd{.learning_rate = rate, .momentum = 0.9}));
        add("adam", 2, false, [=](const state& s) {
            return std::vector<bench::way>{{bench::automatic, update(adam{.learning_rate = rate}, size, s)},
                                           {"xtensor", [=] { adam_xtensor(s, size); }},
                                           {"reference", [=] { adam_reference(s, size); }}};
        });
        add("adamw", 2, false, plain_ways(adamw{.learning_rate = rate}));
        add("rmsprop", 1, false, plain_ways(rmsprop{.learning_rate = rate}));
        add("adagrad", 1, false, plain_ways(adagrad{.learning_rate = rate}));
        add("adadelta", 2, false, plain_ways(adadelta{.learning_rate = rate}));
        // everything at once, in one sweep: L2, a clipped gradient, a moving average
        add("adam+l2+clip+average", 2, true, [=](const state& s) {
            update_terms terms{.step = 0, .gradient_scale = 0.5, .regularise = {.l2 = 1e-4}};
            terms.average_rate = 0.01;
            return std::vector<bench::way>{
                {bench::automatic, update(adam{.learning_rate = rate}, size, s, terms)}};
        });
    }
}
