#pragma once

// Pictures of what a network has learned: where it is wrong, what it takes for what, what it looks for first.

#include <strata/core/shape.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "support/canvas.hpp"

/// Images of bytes and their classes.
struct labelled_images {
    const std::uint8_t* pixels = nullptr; ///< (count, height, width, channels)
    const std::uint8_t* labels = nullptr; ///< (count)
    strata::index count = 0;
    strata::shape size;
    std::vector<std::string> classes; ///< their names, or none: the labels then
};

/// The filters of a convolution: weights (height, width, channels, filters), or null where there is none.
struct filter_bank {
    const float* weights = nullptr;
    strata::shape kernel;
    strata::index filters = 0;
};

/// The images whose largest output is another class than their own, up to 80 of them, with both classes below
/// each. Those that the network is most certain of come first: by the share of the largest output in the
/// softmax of all. outputs (count, classes) may hold NaN, which is no class.
canvas misclassified(const labelled_images& images, std::span<const float> outputs);

/// How many images of every class were taken for every class: counts (true class, predicted class). The more
/// of its row a cell has, the stronger its colour: blue where both classes are the same, else red.
canvas confusion_matrix(std::span<const std::int64_t> counts, const std::vector<std::string>& classes);

/// Every filter from black, its lowest weight, to white, its highest: in colour from its first three
/// channels, in grey from the first where there are fewer.
canvas filters(const filter_bank& bank);

/// Makes the folder if there is none. Throws file_error unless the pictures can be written to it.
void check_pictures(const std::filesystem::path& folder);

/// Writes the three as misclassified.png, confusion.png and, where there is a convolution, filters.png.
/// Throws file_error if that cannot be done.
void write_pictures(const std::filesystem::path& folder, const labelled_images& images,
                    std::span<const float> outputs, std::span<const std::int64_t> counts,
                    const filter_bank& first);
