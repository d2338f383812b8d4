#include <strata/core/error.hpp>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#include <stb/stb_image.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <string>

#include "data/files.hpp"
#include "support/canvas.hpp"
#include "support/catch.hpp"

using namespace strata;

namespace {

constexpr colour white{255, 255, 255}, red{200, 10, 20};

/// How many pixels have this colour.
strata::index count(const canvas& picture, colour c) {
    return std::count(picture.pixels().begin(), picture.pixels().end(), c);
}

strata::index files_in(const temporary_folder& folder) {
    return std::distance(std::filesystem::directory_iterator(folder.path()), {});
}

} // namespace

TEST_CASE("a canvas is white, and fill stays inside of it") {
    canvas picture(5, 7);
    CHECK(count(picture, white) == 35);
    picture.fill({1, 2}, 3, 2, red);
    CHECK(count(picture, red) == 6);
    CHECK(picture.at({1, 2}) == red);
    CHECK(picture.at({3, 3}) == red);
    CHECK(picture.at({4, 2}) == white);
    CHECK(picture.at({1, 4}) == white);

    canvas corners(5, 7);
    corners.fill({-2, -2}, 3, 3, red);
    corners.fill({4, 6}, 10, 10, red);
    corners.fill({-9, -9}, 3, 3, red);
    corners.fill({9, 9}, 3, 3, red);
    CHECK(count(corners, red) == 2);
    CHECK(corners.at({0, 0}) == red);
    CHECK(corners.at({4, 6}) == red);

    CHECK_THROWS_AS(canvas(0, 7), argument_error);
    CHECK_THROWS_AS(canvas(5, 30'001), argument_error);
    CHECK_THROWS_AS(picture.at({5, 0}), std::out_of_range);
}

TEST_CASE("an image is drawn in squares, in colour or grey") {
    const std::array<std::uint8_t, 8> bytes{10, 20, 30, 40, 50, 60, 70, 80};
    canvas picture(6, 8);
    picture.image({1, 2}, bytes.data(), {1, 2, 4}, 2); // two pixels, the fourth channel is not shown
    CHECK(picture.at({1, 2}) == colour{10, 20, 30});
    CHECK(picture.at({2, 3}) == colour{10, 20, 30});
    CHECK(picture.at({1, 4}) == colour{50, 60, 70});
    CHECK(picture.at({2, 5}) == colour{50, 60, 70});
    CHECK(count(picture, white) == 6 * 8 - 2 * 4);

    canvas grey(2, 2);
    grey.image({0, 0}, bytes.data(), {2, 2, 1}, 1);
    CHECK(grey.at({0, 1}) == colour{20, 20, 20});
    CHECK(grey.at({1, 0}) == colour{30, 30, 30});
    canvas first_of_two(1, 2);
    first_of_two.image({0, 0}, bytes.data(), {1, 2, 2}, 1);
    CHECK(first_of_two.at({0, 1}) == colour{30, 30, 30});
}

TEST_CASE("text is as wide as it says and stands where it should") {
    CHECK(canvas::text_width("", 2) == 0);
    CHECK(canvas::text_width("l", 2) == 2);  // one dot
    CHECK(canvas::text_width("1", 2) == 10); // digits are all of a width
    CHECK(canvas::text_width("li", 2) == 6);
    CHECK(canvas::text_width("40", 1) == canvas::text_width("11", 1));
    CHECK(canvas::text_width("Ship", 3) == canvas::text_width("ship", 3));

    const std::string line = "abcdefghijklmnopqrstuvwxyz 0123456789 .,:%>/-_";
    const strata::index width = canvas::text_width(line, 1);
    canvas picture(20, width + 10);
    picture.text({5, 5}, line, 1, red);
    strata::index left = width, right = 0, top = 20, bottom = 0;
    for (strata::index row = 0; row < picture.height(); ++row)
        for (strata::index column = 0; column < picture.width(); ++column)
            if (picture.at({row, column}) == red) {
                left = std::min(left, column);
                right = std::max(right, column);
                top = std::min(top, row);
                bottom = std::max(bottom, row);
            }
    CHECK(left == 5);
    CHECK(right == 5 + width - 1);
    CHECK(top == 5);
    CHECK(bottom == 5 + canvas::text_height(1) + 2 - 1); // j, p, q and y reach below the base line

    SECTION("every letter has a shape of its own") {
        std::vector<std::vector<colour>> shapes;
        for (const char letter : line) {
            if (letter == ' ') continue;
            canvas one(9, 5);
            one.text({0, 0}, std::string_view(&letter, 1), 1, red);
            CHECK(count(one, red) > 0);
            CHECK(std::find(shapes.begin(), shapes.end(), one.pixels()) == shapes.end());
            shapes.push_back(one.pixels());
        }
        CHECK(shapes.size() == 44);
    }
    SECTION("a larger scale has squares for dots") {
        canvas small(9, 5), large(27, 15);
        small.text({0, 0}, "g", 1, red);
        large.text({0, 0}, "g", 3, red);
        CHECK(count(large, red) == 9 * count(small, red));
    }
}

TEST_CASE("a PNG file holds the picture, in 8-bit RGB") {
    temporary_folder folder;
    canvas picture(13, 31);
    picture.fill({2, 3}, 4, 5, red);
    picture.text({3, 10}, "png", 1, {1, 2, 3});
    const auto file = folder / "picture.png";
    for (const bool again : {false, true}) { // a file that is there is replaced
        if (again) picture.fill({0, 0}, 1, 1, {7, 8, 9});
        write_png(picture, file);
        CHECK(files_in(folder) == 1);

        int width = 0, height = 0, channels = 0;
        CHECK_FALSE(stbi_is_16_bit(file.c_str()));
        stbi_uc* const bytes = stbi_load(file.c_str(), &width, &height, &channels, 0);
        REQUIRE(bytes);
        CHECK(width == 31);
        CHECK(height == 13);
        REQUIRE(channels == 3);
        strata::index different = 0;
        for (std::size_t i = 0; i < picture.pixels().size(); ++i)
            different += !(picture.pixels()[i] == colour{bytes[3 * i], bytes[3 * i + 1], bytes[3 * i + 2]});
        CHECK(different == 0);
        stbi_image_free(bytes);
    }
}

TEST_CASE("a picture that cannot be written leaves nothing behind") {
    temporary_folder folder;
    const canvas picture(3, 3);
    const auto nowhere = folder / "nowhere" / "picture.png";
    CHECK(message_of<file_error>([&] { write_png(picture, nowhere); })
          == nowhere.string() + ": cannot be written");
    const auto taken = folder / "taken.png";
    std::filesystem::create_directory(taken);
    CHECK(message_of<file_error>([&] { write_png(picture, taken); })
          == taken.string() + ": cannot be written");
    CHECK(files_in(folder) == 1); // the folder taken.png, and no file under another name
}
