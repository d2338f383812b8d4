#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/concepts.hpp>
#include <strata/core/initialise.hpp>
#include <strata/core/parameter.hpp>
#include <strata/core/random.hpp>
#include <strata/core/unroll.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace strata {

/// The name of a parameter, "3.branch.0.weight", built while the program compiles.
class parameter_name {
public:
    constexpr parameter_name() = default;
    /// This name, a dot if it is not empty, and one more part.
    constexpr parameter_name with(std::string_view part) const {
        parameter_name longer = *this;
        if (longer.m_size > 0) longer.push('.');
        for (const char c : part) longer.push(c);
        return longer;
    }
    constexpr operator std::string_view() const { return {m_text.data(), m_size}; }

private:
    constexpr void push(char c) { m_text.at(m_size++) = c; }
    std::array<char, 96> m_text{};
    std::size_t m_size = 0;
};

/// One parameter of a network and its place: `offset` elements into the flat buffer of the trainable
/// parameters, or of the state.
struct parameter_entry {
    parameter_name name;
    extents sizes{1};
    strata::kind kind = kind::weight;
    index offset = 0;
};

namespace detail {

/// f(layer, line, name) for every parameter in a layer and its children, in order.
template <class Layer, class F> void each_parameter(Layer& layer, const parameter_name& prefix, F&& f) {
    if constexpr (has_children<Layer>) {
        auto children = layer.children();
        unroll<std::tuple_size_v<decltype(children)>>(
            [&](auto i) { each_parameter(std::get<i>(children), prefix.with(Layer::child_names[i]), f); });
    } else if constexpr (has_parameters<Layer>) {
        std::apply([&](const auto&... line) { (f(layer, line, prefix.with(line.name)), ...); },
                   Layer::parameters);
    }
}

template <class Layer> using children_tuple = decltype(std::declval<Layer&>().children());

template <class Layer> constexpr std::size_t parameter_lines() {
    if constexpr (has_children<Layer>)
        return with_numbers<std::tuple_size_v<children_tuple<Layer>>>([](auto... i) {
            return (
                std::size_t{0} + ...
                + parameter_lines<std::remove_reference_t<std::tuple_element_t<i, children_tuple<Layer>>>>());
        });
    else if constexpr (has_parameters<Layer>)
        return std::tuple_size_v<decltype(Layer::parameters)>;
    else
        return 0;
}

template <class Layer, std::size_t N>
constexpr void list_parameters(std::array<parameter_entry, N>& out, std::size_t& n,
                               const parameter_name& prefix) {
    if constexpr (has_children<Layer>)
        unroll<std::tuple_size_v<children_tuple<Layer>>>([&](auto i) {
            list_parameters<std::remove_reference_t<std::tuple_element_t<i, children_tuple<Layer>>>>(
                out, n, prefix.with(Layer::child_names[i]));
        });
    else if constexpr (has_parameters<Layer>)
        std::apply(
            [&](const auto&... line) {
                ((out[n++] = {prefix.with(line.name), line.sizes, line.kind, 0}), ...);
            },
            Layer::parameters);
}

/// Every parameter of a layer with its place; each begins at a multiple of `alignment` bytes.
template <class Layer, class T> constexpr auto parameter_table() {
    std::array<parameter_entry, parameter_lines<Layer>()> table{};
    std::size_t n = 0;
    list_parameters<Layer>(table, n, {});
    constexpr index step = alignment / static_cast<index>(sizeof(T));
    index trained = 0, state = 0;
    for (auto& entry : table) {
        index& offset = is_trainable(entry.kind) ? trained : state;
        entry.offset = offset;
        offset += (entry.sizes.size() + step - 1) / step * step;
    }
    return table;
}

/// Whether a rectifier is the first activation from layer number I of a sequence on; `otherwise` where the
/// sequence ends before that is known.
template <class Sequence, std::size_t I> constexpr bool meets_rectifier(bool otherwise) {
    using specs = typename Sequence::child_specs;
    if constexpr (I >= std::tuple_size_v<specs>) {
        return otherwise;
    } else {
        using layer = typename Sequence::template layer_type<I>;
        if constexpr (requires { std::tuple_element_t<I, specs>::rectifies; })
            return std::tuple_element_t<I, specs>::rectifies;
        else if constexpr (requires { typename layer::layers_type; })
            return meets_rectifier<layer, 0>(meets_rectifier<Sequence, I + 1>(otherwise));
        else if constexpr (activation_layer<layer> || multiply_adds<layer>() > 0)
            return false;
        else
            return meets_rectifier<Sequence, I + 1>(otherwise);
    }
}

/// What a parameter is filled with at first: what an option of the specification says, or its constant.
template <class Layer, class Owner, class Spec, class T, std::size_t N>
initialiser first_values(const Layer& layer, const parameter_line<Owner, Spec, T, N>& line) {
    if constexpr (std::is_same_v<Owner, Spec>)
        return constant{line.first_value};
    else
        return layer.spec.*line.init;
}

/// Gives every parameter of a layer and its children its first values. Each draws from a stream of its own,
/// numbered in order. `rectified`: a rectifier follows, which `automatic` wants to know.
template <class Layer>
void initialise_layer(Layer& layer, const random_source& random, std::uint32_t& stream, bool rectified) {
    if constexpr (has_children<Layer>) {
        auto children = layer.children();
        unroll<std::tuple_size_v<decltype(children)>>([&](auto i) {
            bool feeds = rectified;
            if constexpr (requires { typename Layer::layers_type; })
                feeds = meets_rectifier<Layer, i + 1>(rectified);
            initialise_layer(std::get<i>(children), random, stream, feeds);
        });
    } else if constexpr (has_parameters<Layer>) {
        const auto draw = [&](const auto& line) {
            initialiser first = first_values(layer, line);
            if (std::holds_alternative<automatic>(first)) {
                if (rectified)
                    first = he_normal{};
                else
                    first = glorot_uniform{};
            }
            auto source = random;
            source.stream = stream++;
            initialise((layer.*line.member).value.data(), line.sizes, line.fan, first, source);
        };
        std::apply([&](const auto&... line) { (draw(line), ...); }, Layer::parameters);
    }
}

} // namespace detail
} // namespace strata
