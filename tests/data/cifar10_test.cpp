#include <strata/core/random.hpp>
#include <strata/data/cifar10.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "files.hpp"
#include "support/catch.hpp"

using namespace strata;

namespace {

constexpr std::uint32_t record = 3073;
const std::vector<std::string> names{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                     "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};

/// The byte of a pixel: no two of a plane's rows, of an image's planes or of the six files' images are alike.
std::uint8_t byte_of(std::size_t file, std::size_t image, std::size_t channel, std::size_t row,
                     std::size_t column) {
    return static_cast<std::uint8_t>(101 * file + 29 * image + 83 * channel + 7 * row + column);
}

std::uint8_t label_of(std::size_t file, std::size_t image) {
    return static_cast<std::uint8_t>((3 * file + image) % 10);
}

/// A file of CIFAR-10, plane by plane.
std::string batch(std::size_t file, std::size_t images) {
    std::string content;
    for (std::size_t i = 0; i < images; ++i) {
        content += static_cast<char>(label_of(file, i));
        for (std::size_t c = 0; c < 3; ++c)
            for (std::size_t h = 0; h < 32; ++h)
                for (std::size_t w = 0; w < 32; ++w) content += static_cast<char>(byte_of(file, i, c, h, w));
    }
    return content;
}

/// A small CIFAR-10: 4 images a file.
struct fixture {
    temporary_folder folder;

    fixture() {
        for (std::size_t f = 0; f < names.size(); ++f) write_file(folder / names[f], batch(f, 4));
    }
    std::string name(std::size_t file) const { return (folder / names[file]).string(); }
    std::string load(split parts = {}) const {
        return message_of<error>([&] { data::cifar10(folder.path(), parts); });
    }
    std::string load_with(std::size_t file, const std::string& content) const {
        write_file(folder / names[file], content);
        return message_of<file_error>([&] { data::cifar10(folder.path(), {}); });
    }
};

/// The images of a part that are not those from image `first` of file `file` on, of 4 a file.
int wrong_images(const data::dataset<>& part, std::size_t file, std::size_t first) {
    int wrong = 0;
    for (strata::index i = 0; i < part.size(); ++i) {
        const auto n = first + static_cast<std::size_t>(i);
        const std::size_t f = file + n / 4, image = n % 4;
        bool same = *part.targets(i) == label_of(f, image);
        const std::uint8_t* x = part.samples(i);
        for (std::size_t h = 0; h < 32; ++h)
            for (std::size_t w = 0; w < 32; ++w)
                for (std::size_t c = 0; c < 3; ++c) same = same && *x++ == byte_of(f, image, c, h, w);
        wrong += !same;
    }
    return wrong;
}

} // namespace

TEST_CASE_METHOD(fixture, "CIFAR-10 comes in three parts, in the order of its files, channels last",
                 "[cifar10]") {
    const auto [train, validation, test] = data::cifar10(folder.path(), split{.train = 13, .validation = 7});
    CHECK(train.size() == 13);
    CHECK(validation.size() == 7);
    CHECK(test.size() == 4);
    CHECK(train.sample_shape() == shape{32, 32, 3});
    CHECK(test.sample_shape() == shape{32, 32, 3});
    CHECK(wrong_images(train, 0, 0) == 0);
    CHECK(wrong_images(validation, 0, 13) == 0);
    CHECK(wrong_images(test, 5, 0) == 0);
    CHECK(validation.samples(0) == train.samples(0) + 13 * 3072); // one array

    const std::vector<std::string> classes{"airplane", "automobile", "bird",  "cat",  "deer",
                                           "dog",      "frog",       "horse", "ship", "truck"};
    CHECK(train.classes == classes);
    CHECK(validation.classes == classes);
    CHECK(test.classes == classes);
}

TEST_CASE_METHOD(fixture, "CIFAR-10 keeps 1,000 images for validation unless told otherwise", "[cifar10]") {
    CHECK(message_of<argument_error>([&] { data::cifar10(folder.path()); })
          == "split asks for 1000 validation samples, the data set has 20");
    CHECK(load({.train = 15, .validation = 6})
          == "split asks for 15 training and 6 validation samples, the data set has 20");
    const auto all = data::cifar10(folder.path(), {});
    CHECK(all.train.size() == 20);
    CHECK(all.validation.size() == 0);

    for (const auto& file : names) write_file(folder / file, std::string(202 * record, '\7'));
    const auto parts = data::cifar10(folder.path());
    CHECK(parts.train.size() == 10);
    CHECK(parts.validation.size() == 1'000);
    CHECK(parts.test.size() == 202);
}

TEST_CASE_METHOD(fixture, "what is wrong with CIFAR-10's files is named", "[cifar10]") {
    const std::string expected = " bytes more, expected 1 .. 10000 whole records";
    SECTION("no folder") {
        const auto missing = folder / "nowhere";
        CHECK(message_of<file_error>([&] { data::cifar10(missing); })
              == missing.string() + ": no such folder");
    }
    SECTION("a file is missing") {
        for (std::size_t f = names.size(); f-- > 0;) {
            std::filesystem::remove(folder / names[f]);
            CHECK(load() == name(f) + ": no such file");
        }
    }
    SECTION("a folder where a file should be") {
        std::filesystem::remove(folder / names[2]);
        std::filesystem::create_directory(folder / names[2]);
        CHECK(load() == name(2) + ": is not a file");
    }
    SECTION("an empty file") {
        CHECK(load_with(1, "")
              == name(1) + ": has 0 bytes, which is 0 records of 3073 bytes and 0" + expected);
    }
    SECTION("less than a record") {
        CHECK(load_with(0, batch(0, 1).substr(0, 3072))
              == name(0) + ": has 3072 bytes, which is 0 records of 3073 bytes and 3072" + expected);
    }
    SECTION("a byte too few") {
        CHECK(load_with(3, batch(3, 4).substr(0, 4 * record - 1))
              == name(3) + ": has 12291 bytes, which is 3 records of 3073 bytes and 3072" + expected);
    }
    SECTION("a byte too many") {
        CHECK(load_with(5, batch(5, 4) + '\1')
              == name(5) + ": has 12293 bytes, which is 4 records of 3073 bytes and 1" + expected);
    }
    SECTION("an image too few") {
        CHECK(load_with(4, batch(4, 3)) == name(4) + ": holds 3 images, but " + name(0) + " holds 4");
    }
    SECTION("an image too many") {
        CHECK(load_with(5, batch(5, 5)) == name(5) + ": holds 5 images, but " + name(0) + " holds 4");
    }
    SECTION("more images than CIFAR-10 has in a file") {
        write_file(folder / names[0], "");
        std::filesystem::resize_file(folder / names[0], 10'001 * record);
        CHECK(load()
              == name(0) + ": has 30733073 bytes, which is 10001 records of 3073 bytes and 0" + expected);
    }
    SECTION("a label above 9") {
        auto content = batch(3, 4);
        content[2 * record] = '\12';
        CHECK(load_with(3, content) == name(3) + ": label 2 is 10, labels are 0 .. 9");
        CHECK(load_with(3, batch(3, 4)) == "nothing was thrown");
        content = batch(5, 4);
        content[3 * record] = '\xff';
        CHECK(load_with(5, content) == name(5) + ": label 3 is 255, labels are 0 .. 9");
    }
}

TEST_CASE_METHOD(fixture, "CIFAR-10 cut anywhere or with any byte changed loads or names a file",
                 "[cifar10]") {
    int refused = 0, loaded = 0;
    for (std::uint32_t round = 0; round < 300; ++round) {
        const random_source random{.seed = 7, .step = round};
        const std::size_t file = random.below(0, 6);
        auto content = batch(file, 4);
        bool good = false;
        if (round % 2 == 0) {
            content.resize(random.below(1, 6 * record)); // where it grows, zeros are added
            good = content.size() == 4 * record;
        } else {
            const bool is_label = random.below(1, 2) == 0;
            const std::size_t at = is_label ? random.below(2, 4) * record : random.below(2, 4 * record);
            const std::uint32_t byte = random.below(3, 256);
            content[at] = static_cast<char>(byte);
            good = at % record != 0 || byte <= 9;
        }
        const std::string message = load_with(file, content);
        CAPTURE(round, file, content.size(), message);
        REQUIRE((good ? message == "nothing was thrown" : message.starts_with(folder.path().string())));
        ++(good ? loaded : refused);
        write_file(folder / names[file], batch(file, 4));
    }
    CHECK(refused > 100);
    CHECK(loaded > 50);
}
