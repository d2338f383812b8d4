#include <strata/data/idx.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include "files.hpp"
#include "support/catch.hpp"

using namespace strata;
using data::read_idx;

namespace {

struct fixture {
    temporary_folder folder;
    std::filesystem::path path = folder / "images";

    template <std::size_t Rank = 3> std::string read() const {
        return message_of<file_error>([&] { read_idx<Rank>(path); });
    }
    std::string read(const std::string& content) const {
        write_file(path, content);
        return read();
    }
    std::string named(const std::string& text) const { return path.string() + ": " + text; }
};

} // namespace

TEST_CASE_METHOD(fixture, "an IDX file is read raw and packed, whatever its name", "[idx]") {
    const auto content = idx_content({5, 4, 3});
    const auto check = [&](const std::filesystem::path& name) {
        const auto array = read_idx<3>(name);
        REQUIRE(array.shape()[0] == 5);
        REQUIRE(array.shape()[1] == 4);
        REQUIRE(array.shape()[2] == 3);
        for (std::size_t i = 0; i < 60; ++i) REQUIRE(array.data()[i] == i);
    };
    SECTION("raw") {
        write_file(path, content);
        check(path);
    }
    SECTION("packed beside the name") {
        write_file(folder / "images.gz", gzipped(content));
        check(path);
    }
    SECTION("packed under the raw name") {
        write_file(path, gzipped(content));
        check(path);
    }
    SECTION("raw under a packed name") {
        write_file(folder / "images.gz", content);
        check(path);
        check(folder / "images.gz");
    }
}

TEST_CASE_METHOD(fixture, "a large IDX file is read whole", "[idx]") {
    const auto content = idx_content({300, 28, 28}, 251);
    write_file(path, gzipped(content));
    const auto array = read_idx<3>(path);
    REQUIRE(array.size() == 300 * 784);
    bool equal = true;
    for (std::size_t i = 0; i < array.size(); ++i) equal = equal && array.data()[i] == i % 251;
    CHECK(equal);
}

TEST_CASE_METHOD(fixture, "a missing file is named", "[idx]") {
    CHECK(read() == named("no such file, nor with .gz behind its name"));
    path = folder.path();
    CHECK(read() == named("cannot be read"));
}

TEST_CASE_METHOD(fixture, "every field of the header is checked", "[idx]") {
    const auto good = idx_content({5, 4, 3});
    const auto with = [&](std::size_t place, char value) {
        auto content = good;
        content[place] = value;
        return content;
    };
    CHECK(read("") == named("has 0 bytes, the magic number of an IDX file has 4"));
    CHECK(read(good.substr(0, 3)) == named("has 3 bytes, the magic number of an IDX file has 4"));
    CHECK(read("hello, world")
          == named("is neither IDX nor gzip data: it begins with the bytes 104 101, an "
                   "IDX file with 0 0"));
    CHECK(read(with(0, 7)).find("begins with the bytes 7 0") != std::string::npos);
    CHECK(read(with(1, 9)).find("begins with the bytes 0 9") != std::string::npos);
    CHECK(read(with(2, 0x0d)) == named("holds elements of IDX type 13, only bytes (type 8) are read"));
    CHECK(read(with(3, 1)) == named("holds an array of 1 dimensions, expected 3"));
    CHECK(read(good.substr(0, 15)) == named("has 15 bytes, its header alone needs 16"));
    CHECK(read(with(11, 0)) == named("dimension 1 of 3 has size 0, at least 1 is needed"));
    write_file(path, good);
    CHECK(read<1>() == named("holds an array of 3 dimensions, expected 1"));
}

TEST_CASE_METHOD(fixture, "a length that is not what the header says is an error", "[idx]") {
    const auto good = idx_content({5, 4, 3});
    const std::string truncated = "its header announces 5x4x3 = 60 bytes of data, it holds 59";
    const std::string oversized = "its header announces 5x4x3 = 60 bytes of data, it holds 63";
    CHECK(read(good.substr(0, good.size() - 1)) == named(truncated));
    CHECK(read(good + "abc") == named(oversized));
    CHECK(read(gzipped(good.substr(0, good.size() - 1))) == named(truncated));
    CHECK(read(gzipped(good + "abc")) == named(oversized));
    CHECK(read(idx_content({5, 4, 3}).substr(0, 16))
          == named("its header announces 5x4x3 = 60 bytes of data, it holds 0"));

    write_file(path, idx_content({7}).substr(0, 14));
    CHECK(read<1>() == named("its header announces 7 bytes of data, it holds 6"));
}

TEST_CASE_METHOD(fixture, "a huge announced size is refused before memory is asked for", "[idx]") {
    auto content = idx_content({5, 4, 3});
    for (const std::size_t place : {4u, 8u, 12u}) content[place] = '\x7f';
    const std::string huge =
        "its header announces 2130706437x2130706436x2130706435 bytes of data, it holds 60";
    CHECK(read(content) == named(huge));
    CHECK(read(gzipped(content)) == named(huge));

    content[8] = content[12] = 0;
    const std::string large = "its header announces 2130706437x4x3 = 25568477244 bytes of data, it holds 60";
    CHECK(read(content) == named(large));
    CHECK(read(gzipped(content)) == named(large));
}

TEST_CASE_METHOD(fixture, "damaged gzip data is an error", "[idx]") {
    const auto packed = gzipped(idx_content({50, 4, 3}, 97));
    SECTION("cut anywhere") {
        for (const std::size_t size :
             {std::size_t{2}, std::size_t{9}, packed.size() / 2, packed.size() - 5, packed.size() - 1}) {
            const auto text = read(packed.substr(0, size));
            INFO(text);
            CHECK(text.find(named("the gzip data ends early, after " + std::to_string(size)
                                  + " bytes which "
                                    "unpack to "))
                  == 0);
        }
    }
    SECTION("a wrong checksum") {
        auto bad = packed;
        bad[bad.size() - 8] = static_cast<char>(bad[bad.size() - 8] ^ 1);
        CHECK(read(bad).find(named("the gzip data is damaged (incorrect data check) after ")) == 0);
    }
    SECTION("a wrong length") {
        auto bad = packed;
        bad[bad.size() - 1] = static_cast<char>(bad[bad.size() - 1] ^ 1);
        CHECK(read(bad).find(named("the gzip data is damaged (incorrect length check) after ")) == 0);
    }
    SECTION("garbage behind the magic number") {
        CHECK(read("\x1f\x8bgarbage and more of it").find(named("the gzip data is damaged (")) == 0);
    }
    SECTION("something behind its end") {
        CHECK(read(packed + "xyz")
              == named("the gzip data ends after " + std::to_string(packed.size()) + " bytes, the file has "
                       + std::to_string(packed.size() + 3)));
    }
    SECTION("any one bit turned") {
        // Nothing depends on bytes 4 .. 9 (time, flags and system of the packer), nor on the bits that fill
        // up the last byte before the checksum.
        for (std::size_t place = 0; place < packed.size(); ++place) {
            if ((place >= 4 && place < 10) || place == packed.size() - 9) continue;
            auto bad = packed;
            bad[place] = static_cast<char>(bad[place] ^ 0x10);
            const auto text = read(bad);
            INFO("byte " << place << ": " << text);
            CHECK(text.find(path.string() + ": ") == 0);
        }
    }
}
