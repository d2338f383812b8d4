#include <strata/data/mnist.hpp>

#include <array>
#include <filesystem>
#include <string>
#include <type_traits>

#include "files.hpp"
#include "support/catch.hpp"

using namespace strata;

namespace {

/// The folder of the committed digits, found from this file.
const std::filesystem::path subset =
    std::filesystem::path(__FILE__).parent_path() / "../../examples/data/mnist_subset";

/// A small set in MNIST's format: 30 training and 20 test images.
struct fixture {
    temporary_folder folder;

    fixture() {
        write_file(folder / "train-images-idx3-ubyte", idx_content({30, 28, 28}));
        write_file(folder / "train-labels-idx1-ubyte.gz", gzipped(idx_content({30}, 10)));
        write_file(folder / "t10k-images-idx3-ubyte.gz", gzipped(idx_content({20, 28, 28})));
        write_file(folder / "t10k-labels-idx1-ubyte", idx_content({20}, 10));
    }
    std::string load(split parts = {}) const {
        return message_of<error>([&] { data::mnist(folder.path(), parts); });
    }
};

} // namespace

TEST_CASE_METHOD(fixture, "MNIST comes in three parts", "[mnist]") {
    const auto [train, validation, test] = data::mnist(folder.path(), split{.train = 20, .validation = 10});
    CHECK(train.size() == 20);
    CHECK(validation.size() == 10);
    CHECK(test.size() == 20);
    CHECK(train.sample_shape() == shape{28, 28, 1});
    CHECK(validation.samples(0) == train.samples(0) + 20 * 784);
    CHECK(*validation.targets(3) == 3);
    CHECK(train.samples(1)[5] == (784 + 5) % 256);
    CHECK(test.classes[7] == "7");

    const auto all = data::mnist(folder.path());
    CHECK(all.train.size() == 30);
    CHECK(all.validation.size() == 0);
}

TEST_CASE_METHOD(fixture, "what is wrong with MNIST's files is named", "[mnist]") {
    const auto name = [&](const char* file) { return (folder / file).string(); };
    SECTION("no folder") {
        const auto missing = folder / "nowhere";
        CHECK(message_of<file_error>([&] { data::mnist(missing); }) == missing.string() + ": no such folder");
    }
    SECTION("a file is missing") {
        std::filesystem::remove(folder / "t10k-labels-idx1-ubyte");
        CHECK(load() == name("t10k-labels-idx1-ubyte") + ": no such file, nor with .gz behind its name");
    }
    SECTION("counts differ") {
        write_file(folder / "t10k-labels-idx1-ubyte", idx_content({21}, 10));
        CHECK(load()
              == name("t10k-images-idx3-ubyte.gz") + ": holds 20 images, but "
                     + name("t10k-labels-idx1-ubyte") + " holds 21 labels");
    }
    SECTION("a label out of range") {
        write_file(folder / "train-labels-idx1-ubyte.gz", gzipped(idx_content({30}, 11)));
        CHECK(load() == name("train-labels-idx1-ubyte.gz") + ": label 10 is 10, labels are 0 .. 9");
    }
    SECTION("images of another size") {
        write_file(folder / "train-images-idx3-ubyte", idx_content({30, 28, 32}));
        CHECK(load() == name("train-images-idx3-ubyte") + ": holds images of 28x32, expected 28x28");
    }
    SECTION("labels where images should be") {
        write_file(folder / "train-images-idx3-ubyte", idx_content({30}, 10));
        CHECK(load() == name("train-images-idx3-ubyte") + ": holds an array of 1 dimensions, expected 3");
    }
    SECTION("more asked for than there is") {
        CHECK(load({.train = 25, .validation = 6})
              == "split asks for 25 training and 6 validation samples, the data set has 30");
    }
}

TEST_CASE_METHOD(fixture, "the name of the folder tells Fashion-MNIST", "[mnist]") {
    const auto fashion = folder / "Fashion-MNIST";
    std::filesystem::create_directory(fashion);
    for (const auto& file : std::filesystem::directory_iterator(folder.path()))
        if (file.is_regular_file()) std::filesystem::copy(file, fashion);
    CHECK(data::mnist(fashion).test.classes[9] == "Ankle boot");
    CHECK(data::mnist(fashion / ".").train.classes.size() == 10);
    CHECK(data::mnist(folder.path()).test.classes[9] == "9");
}

TEST_CASE("the committed digits load and are stratified", "[mnist]") {
    const auto [train, validation, test] = data::mnist(subset, split{.train = 900, .validation = 100});
    const auto counts = [](const data::dataset<>& part) {
        std::array<int, 10> count{};
        for (strata::index i = 0; i < part.size(); ++i) ++count[*part.targets(i)];
        return count;
    };
    const auto each = [](int n) { return std::array{n, n, n, n, n, n, n, n, n, n}; };
    CHECK(counts(train) == each(90));
    CHECK(counts(validation) == each(10));
    CHECK(counts(test) == each(50));

    // Every digit has ink, and the border of the frame has none.
    for (strata::index i = 0; i < test.size(); ++i) {
        const auto* x = test.samples(i);
        int ink = 0;
        for (strata::index k = 0; k < 784; ++k) ink += x[k] > 127;
        REQUIRE(ink > 10);
        REQUIRE(ink < 400);
        REQUIRE(x[0] + x[27] + x[783] == 0);
    }
}
