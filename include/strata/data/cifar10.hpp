#pragma once

#include <strata/core/error.hpp>
#include <strata/core/tensor.hpp>
#include <strata/data/dataset.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <utility>
#include <vector>

namespace strata::detail {

/// A record of a CIFAR-10 file: a byte for the label, then the image as a plane of red, one of green, one of
/// blue.
inline constexpr std::size_t cifar10_plane = 32 * 32, cifar10_record = 1 + 3 * cifar10_plane;

/// Images in a file. Throws file_error if it is missing or is not a whole number of records, 1 .. 10,000.
inline std::size_t cifar10_count(const std::filesystem::path& file) {
    constexpr std::size_t most = 10'000;
    if (!std::filesystem::exists(file)) fail<file_error>(file.string(), ": no such file");
    if (!std::filesystem::is_regular_file(file)) fail<file_error>(file.string(), ": is not a file");
    const auto size = std::filesystem::file_size(file), count = size / cifar10_record;
    if (size % cifar10_record != 0 || count < 1 || count > most)
        fail<file_error>(file.string(), ": has ", size, " bytes, which is ", count, " records of ",
                         cifar10_record, " bytes and ", size % cifar10_record, " bytes more, expected 1 .. ",
                         most, " whole records");
    return static_cast<std::size_t>(count);
}

/// The images of these files, one file behind the other, of `count` images each.
inline data::dataset<> cifar10_part(const std::vector<std::filesystem::path>& files, std::size_t count) {
    auto images = tensor<std::uint8_t, 4>::from_shape({files.size() * count, 32, 32, 3});
    auto labels = tensor<std::uint8_t, 1>::from_shape({files.size() * count});
    std::uint8_t *pixel = images.data(), *label = labels.data();
    std::vector<std::uint8_t> records(count * cifar10_record);
    for (const auto& file : files) {
        std::ifstream stream(file, std::ios::binary);
        if (!stream.read(reinterpret_cast<char*>(records.data()),
                         static_cast<std::streamsize>(records.size())))
            fail<file_error>(file.string(), ": cannot be read");
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint8_t* record = records.data() + i * cifar10_record;
            if (*record > 9)
                fail<file_error>(file.string(), ": label ", i, " is ", +*record, ", labels are 0 .. 9");
            *label++ = *record;
            const std::uint8_t *red = record + 1, *green = red + cifar10_plane, *blue = green + cifar10_plane;
            for (std::size_t p = 0; p < cifar10_plane; ++p, pixel += 3) {
                pixel[0] = red[p];
                pixel[1] = green[p];
                pixel[2] = blue[p];
            }
        }
    }
    return {std::move(images), std::move(labels)};
}

} // namespace strata::detail

namespace strata::data {

/// The three parts of CIFAR-10: images (32, 32, 3) of bytes, labels 0 .. 9.
struct cifar10_parts {
    dataset<> train, validation, test;
};

/// Loads CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html) from the six files of its binary version,
/// data_batch_1.bin to data_batch_5.bin and test_batch.bin, in a folder. The test part is always the test
/// batch; `parts` cuts the 50,000 others in the order of the files, by default in 49,000 and 1,000. Smaller
/// files are read too if all six are of the same size. Throws file_error if a file is missing or wrong,
/// argument_error if `parts` asks for more images than there are.
inline cifar10_parts cifar10(const std::filesystem::path& directory, split parts = {.validation = 1'000}) {
    if (!std::filesystem::is_directory(directory))
        detail::fail<file_error>(directory.string(), ": no such folder");
    std::vector<std::filesystem::path> batches;
    for (int i = 1; i <= 5; ++i) batches.push_back(directory / detail::text("data_batch_", i, ".bin"));
    const auto test_batch = directory / "test_batch.bin";

    const std::size_t count = detail::cifar10_count(batches[0]);
    const auto check = [&](const std::filesystem::path& file) {
        if (const std::size_t here = detail::cifar10_count(file); here != count)
            detail::fail<file_error>(file.string(), ": holds ", here, " images, but ", batches[0].string(),
                                     " holds ", count);
    };
    for (const auto& file : batches) check(file);
    check(test_batch);

    auto all = detail::cifar10_part(batches, count);
    auto test = detail::cifar10_part({test_batch}, count);
    all.classes = test.classes = {"airplane", "automobile", "bird",  "cat",  "deer",
                                  "dog",      "frog",       "horse", "ship", "truck"};
    auto [train, validation] = split_of(all, parts);
    return {std::move(train), std::move(validation), std::move(test)};
}

} // namespace strata::data
