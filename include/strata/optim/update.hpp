#pragma once

#include <strata/core/simd.hpp>
#include <strata/core/sweep.hpp>
#include <strata/optim/regulariser.hpp>
#include <strata/optim/segments.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>

namespace strata {

/// An optimizer says how many numbers it remembers per parameter (`slots`) and makes, for every step, a rule:
/// a small functor rule(w, g, slot0, ...) that changes one element, or a vector of them, in place. A rule may
/// be a variant of such functors; each has its own `slots`, at most the optimizer's. An optimizer may also
/// have check() const, which throws argument_error where an option makes no sense.
template <class O>
concept optimizer = requires(const O& o, index step) {
    { O::slots } -> std::convertible_to<int>;
    { o.learning_rate(step) } -> std::convertible_to<double>;
    o.template rule<float>(step);
    o.template rule<double>(step);
};

/// What slot `slot` of an optimizer is filled with before the first step: 0 unless the optimizer says
/// otherwise.
template <class O> double first_value(const O& o, int slot) {
    if constexpr (requires { o.first_value(slot); })
        return o.first_value(slot);
    else
        return 0;
}

/// The flat buffers of one network, laid out alike. Elements outside the spans are neither read nor written.
template <class T> struct update_buffers {
    T* values = nullptr;
    const T* gradients = nullptr;
    std::span<T* const> slots{};             ///< as many arrays as the optimizer has slots
    std::span<const parameter_span> spans{}; ///< what is to be updated, in ascending order
    T* average = nullptr;                    ///< null: no moving average
};

/// What goes into one update beside the optimizer's own options.
struct update_terms {
    index step = 0;            ///< counts from 0
    double gradient_scale = 1; ///< see clip_scale
    double offset_rate = 1;    ///< see training_terms
    regulariser regularise{};
    double average_rate = 0; ///< see moving_average::rate
};

namespace detail {

/// Options of one segment, in the type of the parameters.
template <class T> struct segment_terms { T gradient_scale, l2, keep, average_rate; };

/// One segment: first .. last of all buffers, vector by vector; a shorter last vector is padded, so that
/// every element goes through the same instructions wherever it lies.
template <class T, class Rule, std::size_t... S>
void update_segment(const Rule& rule, const update_buffers<T>& b, const std::array<T*, sizeof...(S)>& slots,
                    const segment_terms<T>& terms, index first, index last, std::index_sequence<S...>) {
    using vector = vector_of<T>;
    vector_loop<T>(first, last, [&](index i, auto... count) {
        vector w = load(b.values + i, count...);
        [[maybe_unused]] vector s[sizeof...(S) + 1] = {load(slots[S] + i, count...)..., vector{}};
        const vector g = terms.gradient_scale * load(b.gradients + i, count...) + terms.l2 * w;
        w *= terms.keep;
        rule(w, g, s[S]...);
        store(b.values + i, w, count...);
        (store(slots[S] + i, s[S], count...), ...);
        if (b.average) {
            const vector a = load(b.average + i, count...);
            store(b.average + i, vector(a + terms.average_rate * (w - a)), count...);
        }
    });
}

template <class T, class Rule>
void update_all(const Rule& rule, const update_buffers<T>& b, const update_terms& terms, double decay) {
    constexpr index grain = 8192;
    constexpr auto indices = std::make_index_sequence<static_cast<std::size_t>(Rule::slots)>{};
    std::array<T*, static_cast<std::size_t>(Rule::slots)> slots{};
    for (std::size_t s = 0; s < slots.size(); ++s) slots[s] = b.slots[s];
    segment_terms<T> plain{static_cast<T>(terms.gradient_scale), 0, 1, static_cast<T>(terms.average_rate)};
    segment_terms<T> weight = plain;
    weight.l2 = static_cast<T>(terms.regularise.l2);
    weight.keep = static_cast<T>(1 - decay);
    segment_terms<T> offset = plain;
    offset.gradient_scale = static_cast<T>(terms.gradient_scale * terms.offset_rate);
    const auto terms_of = [&](kind what) {
        return what == kind::weight ? weight : what == kind::offset ? offset : plain;
    };
    const index arrays = 3 + 2 * static_cast<index>(Rule::slots) + (b.average ? 2 : 0); // read or written
    sweep(end_of(b.spans), grain, arrays * static_cast<index>(sizeof(T)), [&](index begin, index end) {
        visit_segments(b.spans, begin, end, [&](index first, index last, kind what) {
            update_segment(rule, b, slots, terms_of(what), first, last, indices);
        });
    });
}

} // namespace detail

/// One step of an optimizer, in one sweep over the flat buffers: scales the gradients, adds L2, decays and
/// updates the parameters, and moves their average. Work is cut in fixed chunks and elements do not meet, so
/// the bits do not depend on the number of threads. Allocates nothing.
template <optimizer Optimizer, class T>
void update(const Optimizer& o, const update_buffers<T>& buffers, const update_terms& terms) {
    double decay = terms.regularise.weight_decay;
    if constexpr (requires { o.weight_decay; }) decay += o.weight_decay;
    decay *= o.learning_rate(terms.step);
    const auto run = [&](const auto& rule) { detail::update_all(rule, buffers, terms, decay); };
    const auto rule = o.template rule<T>(terms.step);
    if constexpr (requires { rule.valueless_by_exception(); })
        std::visit(run, rule);
    else
        run(rule);
}

} // namespace strata
