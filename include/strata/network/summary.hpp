#pragma once

#include <strata/core/concepts.hpp>
#include <strata/core/error.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/parameter.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/unroll.hpp>
#include <strata/network/network.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace strata {

namespace detail {

/// "1,234,567"
inline std::string with_commas(index n) {
    std::string digits = std::to_string(n);
    for (auto at = static_cast<index>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    return digits;
}

/// "12.3 KiB"
inline std::string in_bytes(index bytes) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(1);
    if (bytes < 1024) return text(bytes, " B");
    if (bytes < 1024 * 1024)
        out << static_cast<double>(bytes) / 1024 << " KiB";
    else
        out << static_cast<double>(bytes) / (1024 * 1024) << " MiB";
    return out.str();
}

/// The numbers of a layer that are trained, or are frozen.
template <class Layer> constexpr index parameter_count(bool frozen) {
    std::array<parameter_entry, parameter_lines<Layer>()> table{};
    std::size_t n = 0;
    list_parameters<Layer>(table, n, {});
    index count = 0;
    for (const auto& p : table)
        count += (frozen ? p.kind == kind::frozen : is_trainable(p.kind)) ? p.sizes.size() : 0;
    return count;
}

} // namespace detail

/// A network's layers as a table; print it: std::cout << summary(net). The memory of a sample is what it
/// takes in a workspace: its input and the network's output lie with the caller. With a batch size, as in
/// summary(net, 100), the workspace of such a batch on threads() threads as well.
class summary {
public:
    template <class Input, class... Specs>
    explicit summary(const network<Input, Specs...>&, index batch = 0) : m_batch(batch) {
        using net = network<Input, Specs...>;
        using layers = typename net::layers_type;
        m_input = net::input_shape;
        unroll<sizeof...(Specs)>([&](auto i) {
            using spec = std::tuple_element_t<i, std::tuple<Specs...>>;
            add<spec, typename layers::template layer_type<i>>(std::to_string(i), layers::shapes[i], 0);
        });
        m_frozen = detail::parameter_count<layers>(true);
        m_parameters = net::parameter_count + m_frozen;
        for (const auto& p : net::parameter_table) m_state += p.kind == kind::state ? p.sizes.size() : 0;
        m_multiply_adds = net::multiply_adds;
        m_parameter_bytes = m_parameters * static_cast<index>(sizeof(typename net::T));
        // what one more sample of a large batch costs: fixed parts, and those that stop growing, cancel
        const auto per_sample = [](bool training) {
            constexpr index many = 4096;
            return (net::memory({2 * many, 1, training}) - net::memory({many, 1, training})) / many;
        };
        m_training = per_sample(true);
        m_inference = per_sample(false);
        if (batch < 0) detail::fail<argument_error>("summary: a batch of ", batch, " samples");
        if (batch == 0) return;
        m_threads = threads();
        m_batch_training = net::memory({batch, m_threads, true});
        m_batch_inference = net::memory({batch, m_threads, false});
    }

    friend std::ostream& operator<<(std::ostream& out, const summary& s) {
        std::size_t wide = 5;
        for (const auto& r : s.m_rows) wide = std::max(wide, r.name.size());
        const auto line = [&](std::string_view name, std::string_view shape_, std::string_view parameters,
                              std::string_view work) {
            std::ostringstream columns;
            columns << std::left << std::setw(static_cast<int>(wide) + 2) << name << std::right
                    << std::setw(14) << shape_ << std::setw(14) << parameters << std::setw(16) << work;
            const std::string row = columns.str();
            out << row.substr(0, row.find_last_not_of(' ') + 1) << '\n';
        };
        const std::string rule(wide + 2 + 14 + 14 + 16, '-');
        line("layer", "output", "parameters", "multiply-adds");
        out << rule << '\n';
        line("input", detail::text(s.m_input), "", "");
        for (const auto& r : s.m_rows)
            line(r.name, detail::text(r.output), r.parameters > 0 ? detail::with_commas(r.parameters) : "",
                 r.multiply_adds > 0 ? detail::with_commas(r.multiply_adds) : "");
        out << rule << '\n';
        line("total", "", detail::with_commas(s.m_parameters), detail::with_commas(s.m_multiply_adds));
        if (s.m_frozen > 0)
            out << "frozen: " << detail::with_commas(s.m_frozen) << " of the parameters are not trained\n";
        if (s.m_state > 0)
            out << "state: " << detail::with_commas(s.m_state) << " numbers that are not trained\n";
        out << "memory: parameters " << detail::in_bytes(s.m_parameter_bytes) << "; a sample "
            << detail::in_bytes(s.m_training) << " in training, " << detail::in_bytes(s.m_inference)
            << " in inference\n";
        if (s.m_batch > 0)
            out << "workspace: a batch of " << s.m_batch << " on " << s.m_threads
                << (s.m_threads == 1 ? " thread takes " : " threads takes ")
                << detail::in_bytes(s.m_batch_training) << " in training, "
                << detail::in_bytes(s.m_batch_inference) << " in inference\n";
        return out;
    }

private:
    struct row {
        std::string name;
        shape output;
        index parameters, multiply_adds;
    };

    template <class Spec, class Layer> void add(const std::string& number, shape in, std::size_t depth) {
        std::string name(2 * depth, ' ');
        name += number + ' ';
        constexpr index frozen = detail::parameter_count<Layer>(true);
        if (!has_children<Layer> && frozen > 0) name += "frozen ";
        if constexpr (requires { Spec::name; })
            name += Spec::name;
        else
            name += "layer";
        m_rows.push_back({name, Spec::output(in), detail::parameter_count<Layer>(false) + frozen,
                          detail::multiply_adds<Layer>()});
        if constexpr (has_children<Layer>) {
            using specs = typename Layer::child_specs;
            using children = detail::children_tuple<Layer>;
            unroll<std::tuple_size_v<specs>>([&](auto i) {
                shape child_in = in;
                if constexpr (requires { Layer::shapes[i]; }) child_in = Layer::shapes[i];
                add<std::tuple_element_t<i, specs>,
                    std::remove_reference_t<std::tuple_element_t<i, children>>>(
                    std::string(Layer::child_names[i]), child_in, depth + 1);
            });
        }
    }

    shape m_input{};
    std::vector<row> m_rows;
    index m_parameters = 0, m_frozen = 0, m_state = 0, m_multiply_adds = 0;
    index m_parameter_bytes = 0, m_training = 0, m_inference = 0;
    index m_batch = 0, m_batch_training = 0, m_batch_inference = 0;
    int m_threads = 1;
};

} // namespace strata
