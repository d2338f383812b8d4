#pragma once

#include <strata/core/error.hpp>
#include <strata/core/tensor.hpp>
#include <strata/data/dataset.hpp>
#include <strata/data/idx.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace strata::detail {

inline data::dataset<> mnist_part(const std::filesystem::path& directory, const std::string& prefix) {
    const auto image_file = directory / (prefix + "-images-idx3-ubyte");
    const auto label_file = directory / (prefix + "-labels-idx1-ubyte");
    const auto images = data::read_idx<3>(image_file);
    auto labels = data::read_idx<1>(label_file);

    const auto [count, height, width] = images.shape();
    if (height != 28 || width != 28)
        fail<file_error>(raw_or_gz(image_file).string(), ": holds images of ", height, 'x', width,
                         ", expected 28x28");
    if (labels.size() != count)
        fail<file_error>(raw_or_gz(image_file).string(), ": holds ", count, " images, but ",
                         raw_or_gz(label_file).string(), " holds ", labels.size(), " labels");
    const auto wrong = std::find_if(labels.begin(), labels.end(), [](std::uint8_t y) { return y > 9; });
    if (wrong != labels.end())
        fail<file_error>(raw_or_gz(label_file).string(), ": label ", wrong - labels.begin(), " is ", +*wrong,
                         ", labels are 0 .. 9");

    auto samples = tensor<std::uint8_t, 4>::from_shape({count, height, width, std::size_t{1}});
    std::copy(images.begin(), images.end(), samples.begin());
    return {std::move(samples), std::move(labels)};
}

/// Fashion-MNIST has the very same files; only the name of the folder tells it from the digits.
inline std::vector<std::string> mnist_classes(const std::filesystem::path& directory) {
    auto name = std::filesystem::absolute(directory).lexically_normal().string();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name.find("fashion") != std::string::npos)
        return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
    return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
}

} // namespace strata::detail

namespace strata::data {

/// The three parts of MNIST: images (28, 28, 1) of bytes, labels 0 .. 9.
struct mnist_parts {
    dataset<> train, validation, test;
};

/// Loads MNIST, or another data set in its format such as Fashion-MNIST, from the four IDX files of a folder,
/// raw or .gz. The test part is always the t10k files; `parts` cuts the train files, by default without
/// validation: `auto [train, validation, test] = mnist(directory, split{.train = 55'000, .validation =
/// 5'000});` Throws file_error if a file is missing or wrong, argument_error if `parts` asks for more samples
/// than there are.
inline mnist_parts mnist(const std::filesystem::path& directory, split parts = {}) {
    if (!std::filesystem::is_directory(directory))
        detail::fail<file_error>(directory.string(), ": no such folder");
    auto all = detail::mnist_part(directory, "train");
    auto test = detail::mnist_part(directory, "t10k");
    all.classes = test.classes = detail::mnist_classes(directory);
    auto [train, validation] = split_of(all, parts);
    return {std::move(train), std::move(validation), std::move(test)};
}

} // namespace strata::data
