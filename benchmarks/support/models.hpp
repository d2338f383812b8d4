#pragma once

#include <string_view>

// The eight models that are compared with other libraries, as tables of their layers: the shapes for programs
// that time a layer at a time, and the work of a model, which every program counts alike.

namespace bench {

/// A convolution over square images.
struct conv_case {
    std::string_view name; ///< the model, a dot, the layer
    int batch, channels, image, filters, kernel, stride;
    int before, after;  ///< rows of padding above and below, columns left and right
    bool first = false; ///< the first layer of its model: nobody wants the gradient of its input
    int dilation = 1;

    constexpr int out_image() const {
        return (image + before + after - dilation * (kernel - 1) - 1) / stride + 1;
    }
    /// Multiplications and additions of one pass, those with padding included.
    constexpr double flop() const {
        return 2.0 * batch * out_image() * out_image() * filters * kernel * kernel * channels;
    }
};

/// A dense layer.
struct dense_case {
    std::string_view name;
    int batch, features, units;
    bool first = false;

    constexpr double flop() const { return 2.0 * batch * features * units; }
};

/// A layer that works on the maps as they are: batch normalisation, or 2x2 max-pooling.
struct map_case {
    std::string_view name;
    int batch, channels, image;

    constexpr double size() const { return 1.0 * batch * image * image * channels; }
};

struct model_case {
    std::string_view name, long_name;
    int batch;
};

inline constexpr model_case models[] = {
    {"M1", "mnist_mlp", 200},        {"M2", "mnist_five_layers", 100}, {"M3", "mnist_convnet", 100},
    {"M4", "mnist_convnet_bn", 100}, {"M5", "cifar_simple", 64},       {"M6", "cifar_complex", 64},
    {"M7", "cifar_convnet", 64},     {"M8", "cifar_vgg", 64},
};

inline constexpr conv_case convolutions[] = {
    {"M3.c1", 100, 1, 28, 6, 6, 1, 2, 3, true}, {"M3.c2", 100, 6, 28, 12, 5, 2, 1, 2},
    {"M3.c3", 100, 12, 14, 24, 4, 2, 1, 1},     {"M4.c1", 100, 1, 28, 24, 6, 1, 2, 3, true},
    {"M4.c2", 100, 24, 28, 48, 5, 2, 1, 2},     {"M4.c3", 100, 48, 14, 64, 4, 2, 1, 1},
    {"M5.c1", 64, 3, 32, 32, 7, 2, 0, 0, true}, {"M6.c1", 64, 3, 32, 32, 7, 1, 0, 0, true},
    {"M7.c1", 64, 3, 32, 64, 5, 1, 2, 2, true}, {"M7.c2", 64, 64, 32, 32, 5, 2, 1, 2},
    {"M7.c3", 64, 32, 16, 32, 5, 2, 1, 2},      {"M7.c4", 64, 32, 8, 32, 5, 2, 1, 2},
    {"M8.c1", 64, 3, 32, 64, 3, 1, 1, 1, true}, {"M8.c2", 64, 64, 32, 64, 3, 1, 1, 1},
    {"M8.c3", 64, 64, 16, 128, 3, 1, 1, 1},     {"M8.c4", 64, 128, 16, 128, 3, 1, 1, 1},
    {"M8.c5", 64, 128, 8, 256, 3, 1, 1, 1},     {"M8.c6", 64, 256, 8, 256, 3, 1, 1, 1},
};

inline constexpr dense_case denses[] = {
    {"M1.fc1", 200, 784, 500, true}, {"M1.fc2", 200, 500, 10},   {"M2.fc1", 100, 784, 200, true},
    {"M2.fc2", 100, 200, 100},       {"M2.fc3", 100, 100, 60},   {"M2.fc4", 100, 60, 30},
    {"M2.fc5", 100, 30, 10},         {"M3.fc1", 100, 1176, 200}, {"M3.fc2", 100, 200, 10},
    {"M4.fc1", 100, 3136, 200},      {"M4.fc2", 100, 200, 10},   {"M5.fc1", 64, 5408, 10},
    {"M6.fc1", 64, 5408, 1024},      {"M6.fc2", 64, 1024, 10},   {"M7.fc1", 64, 32, 100},
    {"M7.fc2", 64, 100, 10},         {"M8.fc1", 64, 256, 10},
};

inline constexpr map_case batch_norms[] = {
    {"M4.bn1", 100, 24, 28}, {"M4.bn2", 100, 48, 14}, {"M4.bn3", 100, 64, 7}, {"M6.bn", 64, 32, 26},
    {"M7.bn1", 64, 64, 32},  {"M7.bn2", 64, 32, 16},  {"M7.bn3", 64, 32, 8},  {"M8.bn1", 64, 64, 32},
    {"M8.bn3", 64, 128, 16}, {"M8.bn5", 64, 256, 8},
};

inline constexpr map_case max_pools[] = {
    {"M6.pool", 64, 32, 26}, {"M8.p1", 64, 64, 32}, {"M8.p2", 64, 128, 16}, {"M8.p3", 64, 256, 8}};

/// Whether a layer belongs to a model: "M7.c2" to "M7".
constexpr bool is_of(std::string_view layer, std::string_view model) {
    return layer.substr(0, model.size()) == model && layer.substr(model.size(), 1) == ".";
}

/// Multiplications and additions of an inference batch, in convolutions and dense layers: nothing else
/// counts.
constexpr double infer_flop(std::string_view model) {
    double sum = 0;
    for (const auto& layer : convolutions) sum += is_of(layer.name, model) ? layer.flop() : 0;
    for (const auto& layer : denses) sum += is_of(layer.name, model) ? layer.flop() : 0;
    return sum;
}

/// The same of a training step: forward, the gradient of the weights, and behind the first layer that of the
/// input.
constexpr double train_flop(std::string_view model) {
    double sum = 0;
    for (const auto& layer : convolutions)
        sum += is_of(layer.name, model) ? layer.flop() * (layer.first ? 2 : 3) : 0;
    for (const auto& layer : denses)
        sum += is_of(layer.name, model) ? layer.flop() * (layer.first ? 2 : 3) : 0;
    return sum;
}

constexpr model_case model_named(std::string_view name) {
    for (const auto& m : models)
        if (m.name == name) return m;
    return {};
}

} // namespace bench
