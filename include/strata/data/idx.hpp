#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/tensor.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace strata::detail {

/// The bytes of a file, unpacked if they are gzip data (RFC 1952), which their first two bytes tell.
class byte_source {
public:
    explicit byte_source(std::filesystem::path path) : m_path(std::move(path)) {
        if (std::filesystem::is_regular_file(m_path)) m_file.reset(std::fopen(m_path.c_str(), "rb"));
        if (!m_file) fail<file_error>(m_path.string(), ": cannot be read");
        refill();
        m_packed = m_pending.size() >= 2 && m_pending[0] == 0x1f && m_pending[1] == 0x8b;
        if (m_packed && inflateInit2(&m_stream, 16 + MAX_WBITS) != Z_OK)
            fail<file_error>(m_path.string(), ": zlib cannot unpack it");
    }
    ~byte_source() {
        if (m_packed) inflateEnd(&m_stream);
    }
    byte_source(const byte_source&) = delete;
    byte_source& operator=(const byte_source&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    bool is_packed() const { return m_packed; }

    /// Reads up to to.size() bytes; fewer only at the end of the data. Throws file_error if they are damaged.
    std::size_t read(std::span<std::uint8_t> to) {
        std::size_t done = 0;
        while (done < to.size()) {
            const std::size_t more = m_packed ? inflate_some(to.subspan(done)) : copy_some(to.subspan(done));
            if (more == 0) break;
            done += more;
        }
        m_done += done;
        return done;
    }

    /// Reads to the end and returns how many bytes there are in all.
    std::uint64_t measure() {
        std::array<std::uint8_t, 1 << 14> rest;
        while (read(rest) > 0) {}
        return m_done;
    }

private:
    bool refill() {
        const std::size_t count = std::fread(m_input.data(), 1, m_input.size(), m_file.get());
        if (std::ferror(m_file.get())) fail<file_error>(m_path.string(), ": cannot be read to its end");
        m_pending = {m_input.data(), count};
        return count > 0;
    }

    std::size_t copy_some(std::span<std::uint8_t> to) {
        if (m_pending.empty() && !refill()) return 0;
        const std::size_t count = std::min(to.size(), m_pending.size());
        std::copy_n(m_pending.begin(), count, to.begin());
        m_pending = m_pending.subspan(count);
        return count;
    }

    std::size_t inflate_some(std::span<std::uint8_t> to) {
        while (!m_ended) {
            if (m_pending.empty() && !refill())
                fail<file_error>(m_path.string(), ": the gzip data ends early, after ", m_stream.total_in,
                                 " bytes which unpack to ", m_stream.total_out);
            m_stream.next_in = m_pending.data();
            m_stream.avail_in = static_cast<uInt>(m_pending.size());
            m_stream.next_out = to.data();
            m_stream.avail_out = static_cast<uInt>(std::min<std::size_t>(to.size(), 1 << 30));
            const uInt room = m_stream.avail_out;
            const int status = ::inflate(&m_stream, Z_NO_FLUSH);
            m_pending = m_pending.last(m_stream.avail_in);
            if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
                fail<file_error>(m_path.string(), ": the gzip data is damaged (",
                                 m_stream.msg ? m_stream.msg : "zlib gives no reason", ") after ",
                                 m_stream.total_in, " bytes which unpack to ", m_stream.total_out);
            if (status == Z_STREAM_END) {
                m_ended = true;
                if (!m_pending.empty() || refill())
                    fail<file_error>(m_path.string(), ": the gzip data ends after ", m_stream.total_in,
                                     " bytes, the file has ", std::filesystem::file_size(m_path));
            }
            if (m_stream.avail_out < room) return room - m_stream.avail_out;
        }
        return 0;
    }

    struct close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    std::filesystem::path m_path;
    std::unique_ptr<std::FILE, close> m_file;
    std::vector<std::uint8_t> m_input = std::vector<std::uint8_t>(1 << 16);
    std::span<std::uint8_t> m_pending;
    z_stream m_stream{};
    bool m_packed = false, m_ended = false;
    std::uint64_t m_done = 0;
};

/// `path` itself, else `path` with .gz behind it.
inline std::filesystem::path raw_or_gz(const std::filesystem::path& path) {
    auto packed = path;
    packed += ".gz";
    for (const auto& candidate : {path, packed})
        if (std::filesystem::exists(candidate)) return candidate;
    fail<file_error>(path.string(), ": no such file, nor with .gz behind its name");
}

} // namespace strata::detail

namespace strata::data {

/// Reads an array of Rank dimensions of bytes from an IDX file, the format of the MNIST files
/// (http://yann.lecun.com/exdb/mnist/), raw or packed with gzip: from `path` or, if there is no such file,
/// from `path`.gz. Throws file_error, beginning with the path, if the file is missing or damaged, if it holds
/// other elements or another number of dimensions, or if its length is not exactly what its header says.
template <std::size_t Rank> tensor<std::uint8_t, Rank> read_idx(const std::filesystem::path& path) {
    static_assert(Rank >= 1 && Rank <= 255);
    detail::byte_source source(detail::raw_or_gz(path));
    const std::string name = source.path().string();
    constexpr std::size_t header_size = 4 + 4 * Rank;

    std::array<std::uint8_t, header_size> header{};
    const std::size_t got = source.read(header);
    if (got < 4)
        detail::fail<file_error>(name, ": has ", got, " bytes, the magic number of an IDX file has 4");
    if (header[0] != 0 || header[1] != 0)
        detail::fail<file_error>(name, ": is neither IDX nor gzip data: it begins with the bytes ",
                                 +header[0], ' ', +header[1], ", an IDX file with 0 0");
    if (header[2] != 0x08)
        detail::fail<file_error>(name, ": holds elements of IDX type ", +header[2],
                                 ", only bytes (type 8) are read");
    if (header[3] != Rank)
        detail::fail<file_error>(name, ": holds an array of ", +header[3], " dimensions, expected ", Rank);
    if (got < header_size)
        detail::fail<file_error>(name, ": has ", got, " bytes, its header alone needs ", header_size);

    std::array<std::size_t, Rank> sizes{};
    constexpr auto most = std::uint64_t{std::numeric_limits<index>::max()};
    std::uint64_t expected = 1;
    std::string announced;
    for (std::size_t i = 0; i < Rank; ++i) {
        const std::uint8_t* field = header.data() + 4 + 4 * i;
        const std::uint64_t size = std::uint64_t{field[0]} << 24 | std::uint64_t{field[1]} << 16
                                   | std::uint64_t{field[2]} << 8 | std::uint64_t{field[3]};
        if (size == 0)
            detail::fail<file_error>(name, ": dimension ", i, " of ", Rank,
                                     " has size 0, at least 1 is needed");
        if (i > 0) announced += 'x';
        announced += std::to_string(size);
        sizes[i] = size;
        expected = expected > most / size ? most : expected * size;
    }
    if (Rank > 1 && expected < most) announced += " = " + std::to_string(expected);

    const auto check_length = [&](std::uint64_t actual) {
        if (actual != expected)
            detail::fail<file_error>(name, ": its header announces ", announced, " bytes of data, it holds ",
                                     actual);
    };
    if (!source.is_packed()) check_length(std::filesystem::file_size(source.path()) - header_size);

    // What a header announces is not believed: memory grows with the bytes that are really there.
    std::vector<std::uint8_t> content;
    while (content.size() < expected) {
        const std::size_t before = content.size();
        const std::size_t step = std::max<std::size_t>(1 << 16, before);
        content.resize(static_cast<std::size_t>(std::min<std::uint64_t>(expected, before + step)));
        const std::size_t more = source.read(std::span(content).subspan(before));
        if (before + more < content.size()) check_length(before + more);
    }
    check_length(source.measure() - header_size);

    auto array = tensor<std::uint8_t, Rank>::from_shape(sizes);
    std::copy(content.begin(), content.end(), array.data());
    return array;
}

} // namespace strata::data
