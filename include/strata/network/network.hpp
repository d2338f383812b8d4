#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/error.hpp>
#include <strata/core/initialise.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/tensor.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/network/parameters.hpp>
#include <strata/network/workspace.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <sstream>
#include <utility>

namespace strata {

/// What goes into a network: input_of<T, height, width, channels> for images, input_of<T, features> for flat
/// samples. T, float or double, is the type of the whole network's numbers.
template <std::floating_point T, index... Sizes> struct input_of {
    static_assert(sizeof...(Sizes) == 1 || sizeof...(Sizes) == 3,
                  "input: give the number of features, or height, width and channels");
    static_assert(((Sizes > 0) && ...), "input: sizes must be positive");
    using value_type = T;
    static constexpr shape sample = [] {
        constexpr std::array sizes{Sizes...};
        if constexpr (sizeof...(Sizes) == 3)
            return shape{sizes[0], sizes[1], sizes[2]};
        else
            return shape{1, 1, sizes[0]};
    }();
};

/// input<28, 28, 1> or input<784>, in float.
template <index... Sizes> using input = input_of<float, Sizes...>;

namespace detail {
template <class I> inline constexpr bool is_input = requires {
    I::sample.size();
};
} // namespace detail

/// A network is its input and its layers: a type that knows its shapes, its number of parameters and its
/// work.
///
/// It holds parameters only; activations live in a workspace, so that any number of threads can run one
/// network, each with a workspace of its own. All trainable parameters lie in one flat buffer, their
/// gradients in another, running statistics, counts and what is frozen in a third.
template <class Input, layer_spec... Specs> class network {
    static_assert(detail::is_input<Input>,
                  "network: what goes in comes first: network{input<28, 28, 1>{}, ...}");

public:
    using value_type = typename Input::value_type;
    using T = value_type;
    using layers_type = typename sequence<Specs...>::template layer<Input::sample, T, true>;

    static constexpr std::size_t layer_count = sizeof...(Specs);
    static constexpr shape input_shape = Input::sample;
    static constexpr shape output_shape = sequence<Specs...>::output(Input::sample);
    static constexpr index input_size = input_shape.size(), output_size = output_shape.size();
    /// Every parameter: its name, extents, kind and place in the flat buffers.
    static constexpr auto parameter_table = detail::parameter_table<layers_type, T>();
    /// How many numbers are trained.
    static constexpr index parameter_count = [] {
        index count = 0;
        for (const auto& p : parameter_table) count += is_trainable(p.kind) ? p.sizes.size() : 0;
        return count;
    }();
    /// Multiplications and additions in pairs, of one sample through convolutions and dense layers.
    static constexpr index multiply_adds = layers_type::multiply_adds;

    /// Initialises the parameters as `initialise(0)` does.
    explicit network(Input, Specs... specs) : network(sequence<Specs...>(specs...)) {}
    network() requires(std::default_initializable<Specs>&&...) : network(sequence<Specs...>()) {}

    network(const network& other)
        : m_layers(other.m_layers),
          m_values(other.m_values),
          m_gradients(other.m_gradients),
          m_state(other.m_state) {
        bind();
    }
    network(network&&) = default;
    network& operator=(network other) noexcept {
        m_layers.~layers_type();
        std::construct_at(&m_layers, std::move(other.m_layers));
        std::swap(m_values, other.m_values);
        std::swap(m_gradients, other.m_gradients);
        std::swap(m_state, other.m_state);
        return *this;
    }
    ~network() = default;

    /// Draws every parameter anew as its layer's initialiser says; running statistics start over.
    void initialise(std::uint64_t seed);

    /// Layer number I; its parameters are xtensor views: net.layer<0>().weight.value.
    template <std::size_t I> auto& layer() {
        static_assert(I < layer_count, "network: there is no layer of this number");
        return m_layers.template get<I>();
    }
    template <std::size_t I> const auto& layer() const {
        static_assert(I < layer_count, "network: there is no layer of this number");
        return m_layers.template get<I>();
    }

    /// All trainable parameters, their gradients, and the state, as flat arrays (with zeros between
    /// parameters, so that each begins at an aligned address).
    std::span<T> values() { return m_values; }
    std::span<const T> values() const { return m_values; }
    std::span<T> gradients() { return m_gradients; }
    std::span<const T> gradients() const { return m_gradients; }
    std::span<T> state() { return m_state; }
    std::span<const T> state() const { return m_state; }
    /// The trainable parameters as pieces of the flat arrays.
    static constexpr auto spans() {
        constexpr auto trained = [](const parameter_entry& p) { return is_trainable(p.kind); };
        std::array<parameter_span, std::count_if(parameter_table.begin(), parameter_table.end(), trained)>
            out{};
        std::size_t n = 0;
        for (const auto& p : parameter_table)
            if (trained(p)) out[n++] = {p.offset, p.sizes.size(), p.kind};
        return out;
    }

    /// Inference, changing nothing: x (batch, height, width, channels) to a (batch, features) array, or
    /// (batch, height, width, channels) where the output is an image. x is any xtensor expression whose
    /// extents behind the first make up a sample: for images (batch, 28, 28, 1), (batch, 28, 28) or (batch,
    /// 784), for flat samples any whose product is right. Throws argument_error where they do not, or where
    /// the batch is empty.
    template <class Batch> auto predict(const Batch& x, workspace& room) const;
    template <class Batch> auto predict(const Batch& x) const {
        workspace room;
        return predict(x, room);
    }

    /// Inference on plain arrays: x (batch, input_size) to y (batch, output_size).
    void forward(const T* x, T* y, index batch, workspace& room) const {
        const extent e = sizes(batch, false);
        m_layers.forward(x, y, room.room(e, 0, layers_type::scratch(e)));
    }

    /// The first half of a training step: x (batch, input_size) to y (batch, output_size), keeping in `room`
    /// what `backward` needs. `random` numbers the run and the step, for dropout.
    void forward_training(const T* x, T* y, index batch, workspace& room, const random_source& random = {}) {
        m_layers.forward_training(x, y, training_pass(sizes(batch, true), room, random, user()));
    }

    /// The second half: from dy = d loss / d y, overwrites the gradients of all parameters and, where dx is
    /// given, dx (batch, input_size). x, y, batch and random are those of the forward. dy is not kept. Throws
    /// argument_error when `room` does not hold that forward's memory; a backward pass writes over it, so one
    /// forward serves one backward.
    void backward(const T* x, const T* y, const T* dy, T* dx, index batch, workspace& room,
                  const random_source& random = {}) {
        m_layers.backward(x, y, dy, dx, same_pass(batch, room, random));
    }
    void backward(const T* x, const T* y, const T* dy, std::nullptr_t, index batch, workspace& room,
                  const random_source& random = {}) {
        m_layers.backward(x, y, dy, nullptr, same_pass(batch, room, random));
    }

    /// Bytes that a workspace takes for one run.
    static constexpr index memory(const extent& e) {
        return (e.training ? layers_type::memory(e) : 0) + layers_type::scratch(e);
    }

private:
    layers_type m_layers;
    buffer<T> m_values, m_gradients, m_state;

    explicit network(const sequence<Specs...>& spec)
        : m_layers(spec), m_values(flat_size(true)), m_gradients(flat_size(true)), m_state(flat_size(false)) {
        static_assert(output_shape.is_valid());
        bind();
        initialise(0);
    }

    static constexpr index flat_size(bool trained) {
        index size = 0;
        for (const auto& p : parameter_table)
            if (is_trainable(p.kind) == trained) size = p.offset + p.sizes.size();
        return aligned(size * static_cast<index>(sizeof(T))) / static_cast<index>(sizeof(T));
    }
    void bind() {
        std::size_t n = 0;
        detail::each_parameter(m_layers, {}, [&](auto& layer, const auto& line, const parameter_name&) {
            const index offset = parameter_table[n++].offset;
            T* const value = (is_trainable(line.kind) ? m_values : m_state).data() + offset;
            (layer.*line.member)
                .bind(value, is_trainable(line.kind) ? m_gradients.data() + offset : nullptr, line.sizes);
        });
    }
    static extent sizes(index batch, bool training) {
        if (batch < 1) detail::fail<argument_error>("network: a batch needs at least 1 sample, not ", batch);
        return {batch, threads(), training};
    }
    static pass training_pass(const extent& e, workspace& room, const random_source& random,
                              const void* user) {
        pass p = room.room(e, layers_type::memory(e), layers_type::scratch(e), user);
        p.random = random;
        return p;
    }
    pass same_pass(index batch, workspace& room, const random_source& random) const {
        const extent e = room.last();
        if (e.batch == 0)
            detail::fail<argument_error>("network: backward of ", batch, " samples before any forward");
        if (e.batch != batch || !e.training)
            detail::fail<argument_error>("network: backward of ", batch, " samples behind ",
                                         e.training ? "a training" : "an inference", " forward of ", e.batch);
        if (!room.user())
            detail::fail<argument_error>("network: a second backward of ", batch,
                                         " samples behind one forward, whose memory the first has written "
                                         "over");
        if (room.user() != user())
            detail::fail<argument_error>("network: backward of ", batch,
                                         " samples behind the forward of another network in this workspace");
        return training_pass(e, room, random, nullptr); // nobody's from here on
    }
    /// The same for as long as a network lives, also when it is moved.
    const void* user() const {
        return m_values.size() > 0 ? static_cast<const void*>(m_values.data()) : &parameter_table;
    }
};

template <class Input, class... Specs> network(Input, Specs...) -> network<Input, Specs...>;

template <class Input, layer_spec... Specs> void network<Input, Specs...>::initialise(std::uint64_t seed) {
    std::uint32_t stream = 0;
    detail::initialise_layer(m_layers, random_source{seed}, stream, false);
}

template <class Input, layer_spec... Specs>
template <class Batch>
auto network<Input, Specs...>::predict(const Batch& x, workspace& room) const {
    const auto& sizes = x.shape();
    index batch = sizes.size() > 0 ? static_cast<index>(sizes[0]) : 0, sample = 1;
    for (std::size_t i = 1; i < sizes.size(); ++i) sample *= static_cast<index>(sizes[i]);
    const auto is_image = [&] { // a last extent of 1 may be left out
        return static_cast<index>(sizes[1]) == input_shape.height
               && static_cast<index>(sizes[2]) == input_shape.width
               && (sizes.size() == 4 || (sizes.size() == 3 && input_shape.channels == 1));
    };
    if (sizes.size() < 2)
        detail::fail<argument_error>("predict: the network takes batches of samples of ", input_shape,
                                     ", got an array of rank ", sizes.size());
    if (sample != input_size || !(sizes.size() == 2 || input_shape.is_flat() || is_image())) {
        std::ostringstream got;
        for (std::size_t i = 1; i < sizes.size(); ++i) got << (i > 1 ? "x" : "") << sizes[i];
        detail::fail<argument_error>("predict: the network takes samples of ", input_shape,
                                     ", got a batch of ", got.str());
    }
    const tensor<T, 4> samples = samples_of<T>(x, batch, input_shape);
    const auto n = static_cast<std::size_t>(batch);
    if constexpr (output_shape.is_flat()) {
        auto y = tensor<T, 2>::from_shape({n, static_cast<std::size_t>(output_size)});
        forward(samples.data(), y.data(), batch, room);
        return y;
    } else {
        auto y = tensor<T, 4>::from_shape({n, static_cast<std::size_t>(output_shape.height),
                                           static_cast<std::size_t>(output_shape.width),
                                           static_cast<std::size_t>(output_shape.channels)});
        forward(samples.data(), y.data(), batch, room);
        return y;
    }
}

} // namespace strata
