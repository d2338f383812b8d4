#pragma once

#include <zlib.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

/// A folder of its own, removed with what is in it.
class temporary_folder {
public:
    temporary_folder() {
        static std::atomic<int> count{0};
        m_path = std::filesystem::temp_directory_path()
                 / ("strata-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
        std::filesystem::create_directories(m_path);
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return m_path / name; }
    const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

inline void write_file(const std::filesystem::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
}

/// An IDX file: its header, then 0, 1, 2, ... below `modulus`, as many bytes as the sizes say.
inline std::string idx_content(const std::vector<std::uint32_t>& sizes, unsigned modulus = 256) {
    std::string content{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
    std::size_t count = 1;
    for (const auto size : sizes) {
        for (const int shift : {24, 16, 8, 0}) content += static_cast<char>(size >> shift & 255);
        count *= size;
    }
    for (std::size_t i = 0; i < count; ++i) content += static_cast<char>(i % modulus);
    return content;
}

/// `content` as a gzip file would hold it.
inline std::string gzipped(const std::string& content) {
    z_stream stream{};
    if (deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("deflateInit2");
    std::vector<Bytef> input(content.begin(), content.end());
    std::vector<Bytef> output(deflateBound(&stream, static_cast<uLong>(input.size())));
    stream.next_in = input.data();
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = output.data();
    stream.avail_out = static_cast<uInt>(output.size());
    deflate(&stream, Z_FINISH);
    const std::string packed(output.begin(), output.end() - static_cast<std::ptrdiff_t>(stream.avail_out));
    deflateEnd(&stream);
    return packed;
}

/// What() of the Error that `act` throws; "nothing was thrown" otherwise.
template <class Error, class Act> std::string message_of(const Act& act) {
    try {
        act();
    } catch (const Error& e) { return e.what(); }
    return "nothing was thrown";
}
