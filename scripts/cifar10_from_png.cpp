// usage: cifar10_from_png SHEET LABELS FIRST > FILE
// Writes images as CIFAR-10's binary files hold them, a record each: a byte for the label, then 1024 bytes
// for red, 1024 for green and 1024 for blue. SHEET is a PNG file whose row i is image i, its 32x32 pixels row
// by row. LABELS is a JSON array of labels 0 .. 9, whose elements from FIRST on belong to the sheet.
// scripts/fetch builds and runs it.

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <png.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr std::size_t pixels = 32 * 32;

/// The rows of the sheet one behind the other, red, green and blue of a pixel side by side.
std::vector<png_byte> sheet_of(const std::string& path) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_file(&image, path.c_str()))
        throw std::runtime_error(path + ": " + image.message);
    image.format = PNG_FORMAT_RGB;
    std::vector<png_byte> rows(PNG_IMAGE_SIZE(image));
    if (!png_image_finish_read(&image, nullptr, rows.data(), 0, nullptr))
        throw std::runtime_error(path + ": " + image.message);
    if (image.width != pixels)
        throw std::runtime_error(path + ": is " + std::to_string(image.width) + " pixels wide, expected "
                                 + std::to_string(pixels));
    return rows;
}

/// The labels of the array: each is one digit.
std::string labels_of(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path + ": cannot be read");
    std::string labels;
    std::copy_if(std::istreambuf_iterator<char>(file), {}, std::back_inserter(labels),
                 [](unsigned char c) { return std::isdigit(c); });
    return labels;
}

} // namespace

int main(int argc, char** argv) try {
    if (argc != 4) throw std::runtime_error("usage: cifar10_from_png SHEET LABELS FIRST > FILE");
    const auto sheet = sheet_of(argv[1]);
    const auto labels = labels_of(argv[2]);
    const std::size_t first = std::stoul(argv[3]), count = sheet.size() / (3 * pixels);
    if (first + count > labels.size())
        throw std::runtime_error(std::string(argv[2]) + ": has " + std::to_string(labels.size()) + " labels, "
                                 + std::to_string(first + count) + " are needed");

    std::vector<png_byte> record(1 + 3 * pixels);
    for (std::size_t i = 0; i < count; ++i) {
        record[0] = static_cast<png_byte>(labels[first + i] - '0');
        for (std::size_t p = 0; p < pixels; ++p)
            for (std::size_t c = 0; c < 3; ++c) record[1 + c * pixels + p] = sheet[3 * (i * pixels + p) + c];
        std::fwrite(record.data(), 1, record.size(), stdout);
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
        throw std::runtime_error("the output cannot be written");
} catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
}
