// A layer of one's own: y = x * scale, one scale a channel. It finds the scales that data was made with.

#include <strata/strata.hpp>

#include <iostream>
#include <string_view>
#include <tuple>
#include <type_traits>

using namespace strata;

// What a user writes: options, and how the layer changes a shape.
struct channel_scale {
    initialiser scale_init = constant{1};

    static constexpr std::string_view name = "channel_scale";
    static constexpr shape output(shape in) { return in; }
    template <shape In, class T> struct layer;
};

// The layer for samples of shape In and numbers of type T.
template <shape In, class T> struct channel_scale::layer {
    channel_scale spec;
    parameter<T, 1> scale{};

    static constexpr auto parameters = std::tuple{
        trainable("scale", &layer::scale, extents(In.channels), kind::scale, &channel_scale::scale_init)};

    void forward(const T* x, T* y, const pass& p) const {
        for (strata::index i = 0; i < p.batch * In.size(); ++i) y[i] = x[i] * scale.value(i % In.channels);
    }
    // Overwrites dscale and dx; dx is nullptr where nobody needs it.
    void backward(const T* x, const T*, const T* dy, auto dx, const pass& p) {
        scale.gradient.fill(0);
        for (strata::index i = 0; i < p.batch * In.size(); ++i) {
            scale.gradient(i % In.channels) += dy[i] * x[i];
            if constexpr (!std::is_null_pointer_v<decltype(dx)>) dx[i] = dy[i] * scale.value(i % In.channels);
        }
    }
};

int main() {
    auto x = tensor<float, 4>::from_shape({64, 1, 1, 3});
    auto y = tensor<float, 2>::from_shape({64, 3});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = static_cast<float>(random_source{1}.normal(i));
        y.data()[i] = x.data()[i] * static_cast<float>(i % 3 + 1); // scales 1, 2, 3
    }

    network net{input<3>{}, channel_scale{}};
    std::cout << summary(net);
    fit(net, data::dataset(x, y), mean_squared_error{}, sgd{.learning_rate = 0.5},
        {.batch_size = 16, .steps = 200});
    for (const float s : net.layer<0>().scale.value) std::cout << s << ' ';
    std::cout << '\n';
}
