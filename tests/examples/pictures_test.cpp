#include <strata/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <vector>

#include "data/files.hpp"
#include "support/catch.hpp"
#include "support/pictures.hpp"

using namespace strata;

namespace {

strata::index count(const canvas& picture, colour c) {
    return std::count(picture.pixels().begin(), picture.pixels().end(), c);
}
bool is_bluish(colour c) {
    return c.blue > c.red + 40;
}
bool is_reddish(colour c) {
    return c.red > c.blue + 40;
}

/// Images of one grey each, 40, 41, ..., so that they can be told apart in a picture.
struct images {
    static constexpr shape size{28, 28, 1};
    std::vector<std::uint8_t> pixels, labels;

    explicit images(std::vector<std::uint8_t> labels_) : labels(std::move(labels_)) {
        for (std::size_t i = 0; i < labels.size(); ++i)
            pixels.insert(pixels.end(), 28 * 28, static_cast<std::uint8_t>(40 + i));
    }
    labelled_images named(std::vector<std::string> classes = {}) const {
        return {pixels.data(), labels.data(), static_cast<strata::index>(labels.size()), size, classes};
    }
};

/// The images in a picture, from left to right and row by row.
std::vector<int> order_of(const canvas& picture) {
    std::vector<int> order;
    for (const colour c : picture.pixels())
        if (c.red == c.green && c.red == c.blue && c.red >= 40 && c.red < 140
            && std::find(order.begin(), order.end(), c.red - 40) == order.end())
            order.push_back(c.red - 40);
    return order;
}

} // namespace

TEST_CASE("misclassified images are shown, the most certain mistake first") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const images five({0, 1, 2, 0, 1});
    const std::vector<float> outputs{5,   1,   0,    // right
                                     1,   0,   0,    // wrong, share 0.58
                                     nan, 0,   9,    // no class at all
                                     0,   90,  30,   // wrong, and as certain as float can tell
                                     120, 120, 118}; // wrong, of two equal ones the first counts
    CHECK(order_of(misclassified(five.named(), outputs)) == std::vector<int>{3, 1, 4, 2});

    // certain beyond what the share can tell: 1 - share is 1e-26 and 1e-22
    const images two({0, 0});
    CHECK(order_of(misclassified(two.named(), std::vector<float>{0, 50, 0, 60})) == std::vector<int>{1, 0});

    const images right({0, 1});
    const auto nothing = misclassified(right.named(), std::vector<float>{1, 0, 0, 1});
    CHECK(order_of(nothing).empty());
    CHECK(count(nothing, {}) > 0); // its title
}

TEST_CASE("a hundred mistakes are shown as eight rows of ten") {
    const images many(std::vector<std::uint8_t>(90, 0));
    std::vector<float> outputs;
    for (int i = 0; i < 90; ++i) outputs.insert(outputs.end(), {0.0f, 9.0f});
    const auto picture = misclassified(many.named(), outputs);
    const auto order = order_of(picture);
    REQUIRE(order.size() == 80);
    CHECK(std::is_sorted(order.begin(), order.end()));
    CHECK(count(picture, {40, 40, 40}) == 112 * 112); // each pixel as 4x4

    // two lines with names that are too wide for one
    const auto named =
        misclassified(many.named({"automobile", "a name that is never going to fit"}), outputs);
    CHECK(named.height() > picture.height());
    CHECK(named.width() == picture.width());
}

TEST_CASE("the confusion matrix is blue where it should be and red elsewhere") {
    const auto some = [](const canvas& picture, const auto& is) {
        return std::any_of(picture.pixels().begin(), picture.pixels().end(), is);
    };
    const auto right = confusion_matrix(std::vector<std::int64_t>{7, 0, 0, 0, 5, 0, 0, 0, 1234567}, {});
    CHECK(some(right, is_bluish));
    CHECK_FALSE(some(right, is_reddish));
    const auto wrong = confusion_matrix(std::vector<std::int64_t>{0, 3, 4, 0}, {});
    CHECK_FALSE(some(wrong, is_bluish));
    CHECK(some(wrong, is_reddish));
    const auto empty = confusion_matrix(std::vector<std::int64_t>{0, 0, 0, 0}, {});
    CHECK_FALSE(some(empty, is_bluish));
    CHECK_FALSE(some(empty, is_reddish));

    CHECK(right.height() - wrong.height() == 40); // one row more
    const auto named = confusion_matrix(std::vector<std::int64_t>{0, 3, 4, 0}, {"automobile", "ship"});
    CHECK(named.width() > wrong.width());

    // the share of the row counts, not the number
    const auto strongest = [](const canvas& picture) {
        return std::min_element(picture.pixels().begin(), picture.pixels().end(),
                                [](colour a, colour b) {
                                    const auto key = [](colour c) { return is_bluish(c) ? c.red : 255; };
                                    return key(a) < key(b);
                                })
            ->red;
    };
    const auto half = confusion_matrix(std::vector<std::int64_t>{500, 500, 0, 0}, {});
    const auto most = confusion_matrix(std::vector<std::int64_t>{9, 1, 0, 0}, {});
    CHECK(strongest(most) < strongest(half));
}

TEST_CASE("filters fill the range from black to white, each on its own") {
    // (height 2, width 2, channels 1, filters 3): filter f of value v at [v * 3 + f]
    const std::vector<float> grey{0, -8, 5, 1, 8, 5, 0.5f, 0, 5, 0.5f, 0, 5};
    const auto picture = filters({grey.data(), {2, 2, 1}, 3});
    const strata::index square = 42 * 42;                           // a weight, of 84 / 2 pixels
    CHECK(count(picture, {128, 128, 128}) == (2 + 2 + 4) * square); // the third is constant
    const canvas title = filters({grey.data(), {2, 2, 1}, 1});
    CHECK(count(title, {}) > square);
    CHECK(count(picture, {255, 255, 255}) > 2 * square);
    // the first pixel of filter 0 is its lowest, that of filter 1 as well, each in a square of its own
    CHECK(count(picture, {}) - 2 * square < square);

    // (1, 1, 4, 2): the fourth channel is neither shown nor part of the range
    const std::vector<float> colours{0, 1, 2, 0.5f, 1, 0, 99, 99};
    const auto coloured = filters({colours.data(), {1, 1, 4}, 2});
    CHECK(count(coloured, {0, 255, 128}) == 84 * 84);
    CHECK(count(coloured, {255, 128, 0}) == 84 * 84);

    // two channels: the first, in grey
    const std::vector<float> pair{0, 7, 1, -7};
    CHECK(count(filters({pair.data(), {1, 2, 2}, 1}), {}) >= square);
}

TEST_CASE("pictures are written to a folder that is made, or not at all") {
    temporary_folder folder;
    const auto made = folder / "a" / "b";
    check_pictures(made);
    CHECK(std::filesystem::is_directory(made));
    check_pictures(made);

    const images two({0, 1});
    const std::vector<float> outputs{0, 1, 1, 0};
    const std::vector<std::int64_t> counts{0, 1, 1, 0};
    write_pictures(made, two.named(), outputs, counts, {});
    CHECK(std::filesystem::exists(made / "misclassified.png"));
    CHECK(std::filesystem::exists(made / "confusion.png"));
    CHECK_FALSE(std::filesystem::exists(made / "filters.png"));
    write_pictures(made, two.named(), outputs, counts, {outputs.data(), {1, 1, 1}, 4});
    CHECK(std::filesystem::exists(made / "filters.png"));

    const auto file = folder / "file";
    write_file(file, "x");
    const auto says = [](const auto& path) { return message_of<file_error>([&] { check_pictures(path); }); };
    CHECK(says(file) == file.string() + ": no folder that can be written to");
    CHECK(says(file / "below") == (file / "below").string() + ": no folder that can be written to");
    std::filesystem::create_directories(folder / "c" / "filters.png");
    CHECK(says(folder / "c")
          == (folder / "c" / "filters.png").string() + ": cannot be written, it is a folder");
}
