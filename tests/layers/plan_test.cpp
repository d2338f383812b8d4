#include <strata/core/buffer.hpp>
#include <strata/core/random.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/elu.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/identity.hpp>
#include <strata/layers/plan.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/sigmoid.hpp>
#include <strata/layers/softmax.hpp>
#include <strata/layers/tanh.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "support/apart.hpp"
#include "support/catch.hpp"

using namespace strata;

namespace {

/// A kind of layer, as a plan sees it.
struct kind_of_layer {
    const char* name;
    bool in_place = false, is_view = false;
    bool reads_input = false, reads_output = false;
    bool can_take_next = false, is_activation = false;
    bool can_take_below = false, below_reads_output = false;
};

constexpr std::array kinds{
    kind_of_layer{.name = "dense", .reads_input = true, .can_take_next = true, .can_take_below = true},
    kind_of_layer{.name = "residual", .reads_input = true},
    kind_of_layer{.name = "sequence that ends in relu", .reads_input = true, .reads_output = true},
    kind_of_layer{.name = "average pool", .can_take_below = true},
    kind_of_layer{.name = "max pool", .can_take_below = true, .below_reads_output = true},
    kind_of_layer{.name = "relu", .in_place = true, .reads_output = true, .is_activation = true},
    kind_of_layer{.name = "dropout", .in_place = true, .can_take_below = true},
    kind_of_layer{.name = "dropout that looks at its output",
                  .in_place = true,
                  .can_take_below = true,
                  .below_reads_output = true},
    kind_of_layer{.name = "scale in place", .in_place = true, .reads_output = true},
    kind_of_layer{.name = "flatten", .in_place = true, .is_view = true},
};
constexpr auto dense_ = kinds[0], average_ = kinds[3], pool_ = kinds[4], relu_ = kinds[5],
               dropout_ = kinds[6], flatten_ = kinds[9];

template <std::size_t Count> using layers_of = std::array<kind_of_layer, Count>;

constexpr strata::index lines(strata::index elements) {
    return aligned(elements * 4) / alignment;
}

template <std::size_t Count>
constexpr std::array<layer_facts, Count> facts_of(const layers_of<Count>& layers) {
    std::array<layer_facts, Count> facts{};
    strata::index size = 40;
    int front = -1; // the last layer that is no view
    for (std::size_t i = 0; i < Count; ++i) {
        const auto& l = layers[i];
        const strata::index out = l.in_place ? size : (size * 7 + static_cast<strata::index>(i)) % 110 + 1;
        facts[i] = {size, out, l.in_place, l.is_view, l.reads_input, l.reads_output};
        facts[i].takes_next = l.can_take_next && i + 1 < Count && layers[i + 1].is_activation;
        if (l.can_take_below && front >= 0 && layers[static_cast<std::size_t>(front)].is_activation) {
            facts[i].below = front;
            facts[i].below_reads_output = l.below_reads_output;
        }
        if (!l.is_view) front = static_cast<int>(i);
        size = out;
    }
    return facts;
}
template <std::size_t Count>
constexpr plan<Count> plan_of(const layers_of<Count>& layers, bool training, bool joined = false) {
    return plan<Count>::make(facts_of(layers), training, 4, joined);
}

/// Memory whose every line of 64 bytes knows only which array was last written over it.
class marked_memory {
public:
    marked_memory(strata::index kept, strata::index spare)
        : m_lines{std::vector<int>(1, 0), std::vector<int>(1, nothing),
                  std::vector<int>(static_cast<std::size_t>(kept / alignment), nothing),
                  std::vector<int>(static_cast<std::size_t>(spare / alignment), nothing)} {}

    static constexpr int nothing = -9;
    bool write(const place& at, strata::index size, int array) {
        return each(at, size, [&](int& line) { line = array; });
    }
    bool holds(const place& at, strata::index size, int array) {
        bool same = true;
        return each(at, size, [&](const int& line) { same = same && line == array; }) && same;
    }

private:
    std::array<std::vector<int>, 4> m_lines;

    template <class F> bool each(const place& at, strata::index size, const F& f) {
        auto& all = m_lines[static_cast<std::size_t>(at.in)];
        if (at.in == area::input || at.in == area::output) {
            f(all[0]);
            return true;
        }
        const strata::index begin = at.offset / alignment, end = begin + lines(size);
        if (at.offset < 0 || at.offset % alignment != 0 || end > static_cast<strata::index>(all.size()))
            return false;
        for (auto i = begin; i < end; ++i) f(all[static_cast<std::size_t>(i)]);
        return true;
    }
};

/// Runs the layers on such a memory, and says what goes wrong. Array k is the output of layer k - 1, array
/// 100 + k its gradient; views make no array of their own.
template <std::size_t Count>
std::optional<std::string> trouble(const plan<Count>& p, const layers_of<Count>& layers, bool training,
                                   bool joined = false) {
    const auto facts = facts_of(layers);
    std::ostringstream what;
    const auto found = [&](auto... parts) {
        (what << ... << parts);
        return what.str();
    };

    std::array<int, Count + 1> array{};
    std::array<strata::index, Count + 1> size{};
    size[0] = facts[0].in_size;
    for (std::size_t i = 0; i < Count; ++i) {
        array[i + 1] = layers[i].is_view ? array[i] : static_cast<int>(i) + 1;
        size[i + 1] = facts[i].out_size;
    }
    const auto overlap = [&](const place& a, strata::index a_size, const place& b, strata::index b_size) {
        if (a.in != b.in) return false;
        return a.in == area::input || a.in == area::output
               || (a.offset < b.offset + lines(b_size) * alignment
                   && b.offset < a.offset + lines(a_size) * alignment);
    };

    marked_memory memory(joined ? p.kept + p.spare : p.kept, joined ? 0 : p.spare);
    const auto& at = p.activation;
    if (at[0].in != area::input) return found("the input is not where it is");
    if (at[Count].in != area::output) return found("the output is not where it is wanted");
    for (std::size_t i = 0; i < Count; ++i) {
        if (p.skipped[i]) {
            const bool done = (i > 0 && p.fused[i - 1]) || (layers[i].is_view && at[i] == at[i + 1]);
            if (!done) return found("nobody computes layer ", i);
            continue;
        }
        if (p.fused[i] && (i + 1 == Count || !p.skipped[i + 1] || !layers[i + 1].is_activation))
            return found("layer ", i, " computes what is not its to compute");
        const std::size_t to = p.fused[i] ? i + 2 : i + 1;
        if (!memory.holds(at[i], size[i], array[i])) return found("layer ", i, " does not find its input");
        if (at[to].in == area::input) return found("layer ", i, " writes the caller's input");
        if (overlap(at[i], size[i], at[to], size[to]) && !(layers[i].in_place && at[i] == at[to]))
            return found("layer ", i, " overwrites what it reads");
        if (!memory.write(at[to], size[to], array[to])) return found("activation ", to, " does not fit");
    }
    if (!memory.holds(at[Count], size[Count], array[Count]))
        return found("the output is not the last layer's");
    if (!training) return {};

    if (!p.reads_output) memory.write(at[Count], size[Count], marked_memory::nothing); // the caller may
    // spare memory serves other layers between forward and backward
    for (strata::index line = 0; line < p.spare / alignment; ++line)
        memory.write(joined ? place{area::kept, p.kept + line * alignment}
                            : place{area::spare, line * alignment},
                     1, marked_memory::nothing);
    int above = 100 + static_cast<int>(Count), dx = marked_memory::nothing; // the caller's
    bool ran = false;
    for (std::size_t i = Count; i-- > 0;) {
        const place &from = p.delta[i + 1], &to = p.delta[i];
        const int wanted = 100 + static_cast<int>(i), given = wanted + 1;
        if (p.folded[i]) {
            // a view hands on what lies there; an activation has been done by a layer above it
            bool done = layers[i].is_view && from == to;
            for (std::size_t k = i + 1; k < Count; ++k)
                done = done || (from == to && layers[i].is_activation && p.below[k] == static_cast<int>(i));
            if (!done) return found("nobody computes delta ", i);
            if (to.in == area::input)
                dx = dx == given ? wanted : dx;
            else if (to.in == area::output)
                above = above == given ? wanted : above;
            else if (memory.holds(from, size[i], given))
                memory.write(to, size[i], wanted);
            continue;
        }
        ran = true;
        const bool applies = p.below[i] >= 0;
        if (applies && !layers[static_cast<std::size_t>(p.below[i])].is_activation)
            return found("layer ", i, " applies the slope of what is no activation");
        const bool reads_input = layers[i].reads_input || (applies && !layers[i].below_reads_output);
        const bool reads_output = layers[i].reads_output || (applies && layers[i].below_reads_output);
        if (reads_input && !memory.holds(at[i], size[i], array[i]))
            return found("backward of layer ", i, " does not find its input");
        if (reads_output && !memory.holds(at[i + 1], size[i + 1], array[i + 1]))
            return found("backward of layer ", i, " does not find its output");
        if ((i + 1 == Count) && from.in != area::output) return found("dy is not where it is");
        if (i == 0 && to.in != area::input) return found("dx is not where it is wanted");
        if (to.in == area::output) return found("layer ", i, " writes the caller's dy");
        const bool finds = from.in == area::output  ? above == given
                           : from.in == area::input ? dx == given
                                                    : memory.holds(from, size[i + 1], given);
        if (!finds) return found("layer ", i, " does not find its dy");
        if (overlap(from, size[i + 1], to, size[i]) && !(layers[i].in_place && from == to))
            return found("layer ", i, " overwrites its dy");
        if ((reads_input && overlap(at[i], size[i], to, size[i]) && to.in != area::input)
            || (reads_output && overlap(at[i + 1], size[i + 1], to, size[i])))
            return found("layer ", i, " overwrites what its backward reads");
        const int written = applies ? 100 + p.below[i] : wanted;
        if (to.in == area::input)
            dx = written;
        else if (!memory.write(to, size[i], written))
            return found("delta ", i, " does not fit");
    }
    if (dx != 100 || !ran) return found("dx is not computed");
    return {};
}

template <std::size_t Count> std::string names(const layers_of<Count>& layers) {
    std::string text;
    for (const auto& l : layers) text += (text.empty() ? "" : ", ") + std::string(l.name);
    return text;
}

template <std::size_t Count> void check(std::size_t number) {
    layers_of<Count> layers{};
    for (std::size_t i = 0, rest = number; i < Count; ++i, rest /= kinds.size())
        layers[i] = kinds[rest % kinds.size()];
    for (const bool joined : {true, false}) {
        const auto wrong = trouble(plan_of(layers, true, joined), layers, true, joined);
        if (wrong) FAIL((joined ? "joined: " : "training: ") << names(layers) << ": " << *wrong);
    }
    const auto wrong = trouble(plan_of(layers, false), layers, false);
    if (wrong) FAIL("inference: " << names(layers) << ": " << *wrong);
}
template <std::size_t Count> void check_all() {
    std::size_t combinations = 1;
    for (std::size_t i = 0; i < Count; ++i) combinations *= kinds.size();
    for (std::size_t number = 0; number < combinations; ++number) check<Count>(number);
    SUCCEED();
}
template <std::size_t Count> void check_some() {
    const random_source random{Count};
    for (std::uint64_t i = 0; i < 20'000; ++i) check<Count>(random.word(i) + std::size_t{1} * 977 * i);
    SUCCEED();
}

} // namespace

TEST_CASE("no layer overwrites what is still to be read, whatever layers follow each other") {
    check_all<1>();
    check_all<2>();
    check_all<3>();
    check_all<4>();
    check_some<6>();
    check_some<9>();
}

TEST_CASE("the check of plans sees a plan that is wrong") {
    const layers_of<4> layers{dense_, average_, relu_, dense_};
    const auto good = plan_of(layers, true);
    REQUIRE_FALSE(trouble(good, layers, true));

    auto bad = good; // the pool overwrites its input
    bad.activation[1] = bad.activation[2];
    CHECK(trouble(bad, layers, true));
    bad = good;
    bad.skipped[1] = true;
    CHECK(trouble(bad, layers, true));
    bad = good;
    bad.folded[1] = true;
    CHECK(trouble(bad, layers, true));
    bad = good;
    bad.folded[2] = false;
    CHECK(trouble(bad, layers, true));
    bad = good;
    bad.delta[2] = bad.delta[3] = bad.activation[3];
    CHECK(trouble(bad, layers, true));
    bad = good;
    bad.kept -= alignment;
    CHECK(trouble(bad, layers, true));
    bad = good;
    bad.delta[1] = bad.delta[2];
    CHECK(trouble(bad, layers, true));

    const layers_of<3> rectified{dense_, relu_, dropout_}; // dropout must leave the output of relu alone
    auto shared = plan_of(rectified, true);
    CHECK(shared.activation[2] != shared.activation[3]);
    for (std::size_t k = 1; k < 4; ++k) shared.activation[k] = {area::output, 0};
    CHECK(trouble(shared, rectified, true));

    const layers_of<2> ends{dense_, relu_};
    auto careless = plan_of(ends, true);
    CHECK(careless.reads_output);
    careless.reads_output = false;
    CHECK(trouble(careless, ends, true));
}

TEST_CASE("a plan saves the memory it can") {
    constexpr auto bytes = [](strata::index elements) { return lines(elements) * alignment; };
    { // dense computes relu, and its slope on the way back, also through a view
        const layers_of<5> layers{dense_, relu_, flatten_, dense_, dropout_};
        const auto facts = facts_of(layers);
        const auto p = plan_of(layers, true);
        CHECK(p.fused == std::array{true, false, false, false, false});
        CHECK(p.skipped == std::array{false, true, true, false, false});
        CHECK(p.folded == std::array{false, true, true, false, false});
        CHECK(p.below == std::array{-1, -1, -1, 1, -1});
        CHECK(p.kept == bytes(facts[0].out_size));
        CHECK(p.activation[1] == place{area::kept, 0});
        CHECK(p.activation[3] == p.activation[1]);
        CHECK(p.activation[4].in == area::output);
        CHECK(p.delta[1] == p.delta[3]);
        CHECK_FALSE(p.reads_output);
    }
    { // nobody reads the input of max pooling again: only what comes out of it is kept
        const layers_of<4> layers{dense_, relu_, pool_, dense_};
        const auto facts = facts_of(layers);
        const auto p = plan_of(layers, true);
        CHECK(p.kept == bytes(facts[2].out_size));
        CHECK(p.activation[2].in == area::spare);
    }
    { // an activation in front of everything is done by the first layer
        const layers_of<3> layers{relu_, flatten_, dense_};
        const auto p = plan_of(layers, true);
        CHECK(p.folded == std::array{true, true, false});
        CHECK(p.delta[2].in == area::input);
    }
    { // inference takes two arrays at a time, however many layers there are
        const layers_of<6> layers{dense_, pool_, dense_, pool_, dense_, pool_};
        const auto facts = facts_of(layers);
        strata::index pair = 0;
        for (std::size_t i = 0; i + 2 < 6; ++i)
            pair = std::max(pair, bytes(facts[i].out_size) + bytes(facts[i + 1].out_size));
        CHECK(plan_of(layers, false).kept == 0);
        CHECK(plan_of(layers, false).spare == pair);
    }
    { // one layer needs none
        const auto p = plan_of(layers_of<1>{dense_}, true);
        CHECK(p.kept == 0);
        CHECK(p.spare == 0);
    }
}

TEST_CASE("gradients lie where activations lay that nobody needs any more") {
    // equal sizes: beside the kept activations no memory is needed but for one gradient
    std::array<layer_facts, 8> layers{};
    for (auto& l : layers) l = {.in_size = 16, .out_size = 16, .reads_output = false};
    const auto p = plan<8>::make(layers, true, 4);
    CHECK(p.kept == 7 * 64);
    CHECK(p.spare == 64);
    for (std::size_t k = 1; k <= 6; ++k) CHECK(p.delta[k].in == area::kept);

    // gradients that are larger than what is free of the kept lie across its end, where that is possible
    constexpr std::array<strata::index, 7> sizes{64, 64, 64, 16, 16, 16, 16};
    std::array<layer_facts, 6> shrinking{};
    for (std::size_t i = 0; i < 6; ++i)
        shrinking[i] = {.in_size = sizes[i], .out_size = sizes[i + 1], .reads_output = false};
    const auto apart = plan<6>::make(shrinking, true, 4), joined = plan<6>::make(shrinking, true, 4, true);
    CHECK(joined.kept == apart.kept);
    CHECK(apart.spare == 4 * 64);
    CHECK(joined.spare == 4 * (16 + 16));
}

TEST_CASE("layers that share buffers equal layers kept apart") {
    using row = input_of<double, 6>;
    constexpr dropout half{.rate = 0.5f};
    testing::check_apart("dropout first", row{}, half, dense<5>{}, relu{}, half, dense<3>{});
    testing::check_apart("nothing but in place", row{}, relu{}, half, sigmoid{}, half, softmax{});
    testing::check_apart("views between", row{}, identity{}, dense<4>{}, flatten{}, identity{}, half,
                         identity{}, elu{});
    testing::check_apart("views only", row{}, flatten{}, identity{}, flatten{});
    testing::check_apart("one view", row{}, flatten{});
    testing::check_apart("view, then in place", row{}, flatten{}, relu{});
    testing::check_apart("in place, then views", row{}, dense<4>{}, half, identity{}, flatten{});
    testing::check_apart("activations in a row", row{}, dense<4>{}, relu{}, sigmoid{}, strata::tanh{}, gelu{},
                         half, elu{});
    testing::check_apart("deep", row{}, dense<7>{}, relu{}, half, dense<2>{}, gelu{}, half, dense<9>{},
                         strata::tanh{}, identity{}, half, dense<9>{}, relu{}, dense<3>{}, softmax{});
    testing::check_apart("ends in place behind a view", row{}, gelu{}, identity{}, half);
}
