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

#include <array>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "support/apart.hpp"
#include "support/catch.hpp"

using namespace strata;

namespace {

/// A kind of layer, as a plan sees it, and what its backward reads of its input, which a plan relies on.
struct kind_of_layer {
    const char* name;
    bool in_place, is_view, reads_input, reads_output, can_take_next, is_activation;
};

constexpr std::array kinds{
    kind_of_layer{"dense", false, false, true, false, true, false},
    kind_of_layer{"residual", false, false, true, false, false, false},
    kind_of_layer{"sequence that ends in relu", false, false, true, true, false, false},
    kind_of_layer{"pool", false, false, false, false, false, false},
    kind_of_layer{"relu", true, false, false, true, false, true},
    kind_of_layer{"dropout", true, false, false, false, false, false},
    kind_of_layer{"scale in place", true, false, false, false, true, false},
    kind_of_layer{"flatten", true, true, false, false, false, false},
};

template <std::size_t Count> using layers_of = std::array<kind_of_layer, Count>;

template <std::size_t Count> std::array<layer_facts, Count> facts_of(const layers_of<Count>& layers) {
    std::array<layer_facts, Count> facts{};
    strata::index size = 5;
    for (std::size_t i = 0; i < Count; ++i) {
        const auto& l = layers[i];
        const strata::index out = l.in_place ? size : (size * 7 + static_cast<strata::index>(i)) % 11 + 1;
        const bool fuses = l.can_take_next && i + 1 < Count && layers[i + 1].is_activation;
        facts[i] = {size, out, l.in_place, l.is_view, l.reads_output, fuses};
        size = out;
    }
    return facts;
}

/// Runs the layers on a memory in which every buffer only knows which array it holds, and says what goes
/// wrong. Array k is the output of layer k - 1; views make no array of their own.
template <std::size_t Count>
std::optional<std::string> trouble(const plan<Count>& p, const layers_of<Count>& layers, bool training) {
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

    constexpr int nothing = -9;
    int input = 0, output = nothing;
    std::vector<int> slots(p.slots, nothing);
    const auto cell = [&](int place) -> int* {
        if (place == in_input) return &input;
        if (place == in_output) return &output;
        return place >= 0 && static_cast<std::size_t>(place) < slots.size()
                   ? &slots[static_cast<std::size_t>(place)]
                   : nullptr;
    };
    if (p.location[0] != in_input) return found("the input is not where it is");
    if (p.location[Count] != in_output) return found("the output is not where it is wanted");
    for (std::size_t k = 0; k <= Count; ++k) {
        if (!cell(p.location[k])) return found("activation ", k, " is nowhere");
        if (p.location[k] >= 0 && p.slot_size[static_cast<std::size_t>(p.location[k])] < size[k])
            return found("activation ", k, " does not fit");
    }

    for (std::size_t i = 0; i < Count; ++i) {
        if (p.skipped[i]) {
            const bool done =
                (i > 0 && p.fused[i - 1]) || (layers[i].is_view && p.location[i] == p.location[i + 1]);
            if (!done) return found("nobody computes layer ", i);
            continue;
        }
        if (p.fused[i] && (i + 1 == Count || !p.skipped[i + 1] || !layers[i + 1].is_activation))
            return found("layer ", i, " computes what is not its to compute");
        const std::size_t to = p.fused[i] ? i + 2 : i + 1;
        if (*cell(p.location[i]) != array[i]) return found("layer ", i, " does not find its input");
        if (p.location[to] == in_input) return found("layer ", i, " writes the caller's input");
        if (p.location[to] == p.location[i] && !layers[i].in_place)
            return found("layer ", i, " overwrites what it reads");
        *cell(p.location[to]) = array[to];
    }
    if (output != array[Count]) return found("the output is not the last layer's");
    if (!training) return {};

    if (!p.reads_output) output = nothing; // the caller is free to overwrite it
    std::array<int, 2> deltas{nothing, nothing};
    int above = static_cast<int>(Count), below = nothing; // the caller's dy and dx
    for (std::size_t i = Count; i-- > 0;) {
        if (layers[i].reads_input && *cell(p.location[i]) != array[i])
            return found("backward of layer ", i, " does not find its input");
        if (layers[i].reads_output && *cell(p.location[i + 1]) != array[i + 1])
            return found("backward of layer ", i, " does not find its output");
        const int from = p.delta[i + 1], to = p.delta[i];
        if ((i + 1 == Count) != (from == in_output)) return found("dy is not where it is");
        if ((i == 0) != (to == in_input)) return found("dx is not where it is wanted");
        const int* const source = from == in_output ? &above : &deltas.at(static_cast<std::size_t>(from));
        int* const target = to == in_input ? &below : &deltas.at(static_cast<std::size_t>(to));
        if (*source != static_cast<int>(i) + 1) return found("layer ", i, " does not find its dy");
        if (source == target && !layers[i].in_place) return found("layer ", i, " overwrites its dy");
        if (target != &below && p.largest_delta < size[i]) return found("delta ", i, " does not fit");
        *target = static_cast<int>(i);
    }
    if (below != 0) return found("dx is not computed");
    return {};
}

template <std::size_t Count> std::string names(const layers_of<Count>& layers) {
    std::string text;
    for (const auto& l : layers) text += (text.empty() ? "" : ", ") + std::string(l.name);
    return text;
}

template <std::size_t Count> void check_all() {
    std::size_t combinations = 1;
    for (std::size_t i = 0; i < Count; ++i) combinations *= kinds.size();
    for (std::size_t number = 0; number < combinations; ++number) {
        layers_of<Count> layers{};
        for (std::size_t i = 0, rest = number; i < Count; ++i, rest /= kinds.size())
            layers[i] = kinds[rest % kinds.size()];
        for (const bool training : {true, false}) {
            const auto wrong = trouble(plan<Count>::make(facts_of(layers), training), layers, training);
            if (wrong) FAIL((training ? "training: " : "inference: ") << names(layers) << ": " << *wrong);
        }
    }
    SUCCEED();
}

constexpr auto dense_ = kinds[0], pool_ = kinds[3], relu_ = kinds[4], dropout_ = kinds[5],
               flatten_ = kinds[7];

} // namespace

TEST_CASE("no layer overwrites what is still to be read, whatever layers follow each other") {
    check_all<1>();
    check_all<2>();
    check_all<3>();
    check_all<4>();
    check_all<5>();
    check_all<6>();
}

TEST_CASE("the check of plans sees a plan that is wrong") {
    const layers_of<4> layers{dense_, pool_, relu_, dense_};
    const auto good = plan<4>::make(facts_of(layers), true);
    REQUIRE_FALSE(trouble(good, layers, true));

    auto bad = good; // the pool overwrites its input
    bad.location[1] = bad.location[2];
    CHECK(trouble(bad, layers, true));
    bad = good;
    bad.skipped[1] = true;
    CHECK(trouble(bad, layers, true));
    bad = good;
    bad.delta[2] = bad.delta[3];
    bad.delta[1] = bad.delta[2];
    CHECK(trouble(bad, layers, true));
    bad = good;
    bad.slot_size[0] = 0;
    CHECK(trouble(bad, layers, true));

    const layers_of<3> rectified{dense_, relu_, dropout_}; // dropout must leave the output of relu alone
    auto shared = plan<3>::make(facts_of(rectified), true);
    CHECK(shared.location[2] != shared.location[3]);
    shared.location = {in_input, in_output, in_output, in_output};
    CHECK(trouble(shared, rectified, true));

    const layers_of<2> ends{dense_, relu_};
    auto careless = plan<2>::make(facts_of(ends), true);
    CHECK(careless.reads_output);
    careless.reads_output = false;
    CHECK(trouble(careless, ends, true));
}

TEST_CASE("a plan saves the memory it can") {
    { // dense computes relu; flatten and dropout share
        const layers_of<5> layers{dense_, relu_, flatten_, dense_, dropout_};
        const auto p = plan<5>::make(facts_of(layers), true);
        CHECK(p.fused == std::array{true, false, false, false, false});
        CHECK(p.skipped == std::array{false, true, true, false, false});
        CHECK(p.slots == 1);
        CHECK(p.location == std::array{in_input, 0, 0, 0, in_output, in_output});
        CHECK_FALSE(p.reads_output);
    }
    { // inference takes two buffers, however many layers there are
        const layers_of<6> layers{dense_, pool_, dense_, pool_, dense_, pool_};
        CHECK(plan<6>::make(facts_of(layers), false).slots == 2);
        CHECK(plan<6>::make(facts_of(layers), true).slots == 5);
    }
    { // one layer needs none
        const auto p = plan<1>::make(facts_of(layers_of<1>{dense_}), true);
        CHECK(p.slots == 0);
        CHECK(p.largest_delta == 0);
    }
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
