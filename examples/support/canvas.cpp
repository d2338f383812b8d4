#include "support/canvas.hpp"

#include <strata/core/error.hpp>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#include <stb/stb_image_write.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <ios>
#include <string>
#include <system_error>
#include <unistd.h>

namespace {

/// Letters side by side, each 9 rows of 5 dots and a column between it and the next. The base line is below
/// the seventh row.
struct letters {
    std::string_view names;
    std::array<std::string_view, 9> rows;
};

// clang-format off
constexpr std::array<letters, 3> font{{
    {"abcdefghijklmno",
     {"      #               #         ##        #       #     #   #       #                     ",
      "      #               #        #          #                 #       #                     ",
      " ###  ####   ####  ####  ###  ####   #### ####    #     #   #  #    #   ## #  ####   ###  ",
      "    # #   # #     #   # #   #  #    #   # #   #   #     #   # #     #   # # # #   # #   # ",
      " #### #   # #     #   # #####  #    #   # #   #   #     #   ##      #   # # # #   # #   # ",
      "#   # #   # #     #   # #      #    #   # #   #   #     #   # #     #   # # # #   # #   # ",
      " #### ####   ####  ####  ####  #     #### #   #   #     #   #  #    #   # # # #   #  ###  ",
      "                                        #               #                                 ",
      "                                     ###              ##                                  "}},
    {"pqrstuvwxyz0123",
     {"                         #                                         ###    #    ###   ###  ",
      "                         #                                        #   #  ##   #   # #   # ",
      "####   #### # ##   #### ####  #   # #   # # # # #   # #   # ##### #   #   #       #     # ",
      "#   # #   # ##    #      #    #   # #   # # # #  # #  #   #    #  #   #   #      #    ##  ",
      "#   # #   # #      ###   #    #   # #   # # # #   #   #   #   #   #   #   #     #       # ",
      "#   # #   # #         #  #    #   #  # #  # # #  # #  #   #  #    #   #   #    #    #   # ",
      "####   #### #     ####    ##   ####   #    # #  #   #  #### #####  ###   ###  #####  ###  ",
      "#         #                                               #                               ",
      "#         #                                            ###                                "}},
    {"456789.,:%>/-_",
     {"   #  #####   ##  #####  ###   ###                    ##  #           #                   ",
      "  ##  #      #        # #   # #   #                   ##  # #         #                   ",
      " # #  ####  #        #  #   # #   #                      #   ##      #                    ",
      "#  #      # ####     #   ###   ####               #     #      ##   #   ####              ",
      "#####     # #   #   #   #   #     #                    #     ##    #                      ",
      "   #  #   # #   #   #   #   #    #                    #  ## #     #                       ",
      "   #   ###   ###    #    ###   ##     #     #     #   #  ##       #           #####       ",
      "                                           #                                              ",
      "                                                                                          "}}
}};
// clang-format on

/// A letter's rows, from its first column that has a dot to its last; digits keep all five, so that numbers
/// of as many digits are of a width.
struct glyph {
    const letters* block = nullptr; ///< null: a space
    std::size_t first = 0, width = 3;

    explicit glyph(char c) {
        const char small = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        for (const letters& candidate : font) {
            const std::size_t n = candidate.names.find(small);
            if (n == std::string_view::npos) continue;
            block = &candidate;
            first = 6 * n;
            width = 5;
            if (std::isdigit(static_cast<unsigned char>(small))) return;
            while (is_empty(first)) ++first, --width;
            while (is_empty(first + width - 1)) --width;
        }
    }
    bool has_dot(std::size_t row, std::size_t column) const {
        return block->rows[row][first + column] == '#';
    }

private:
    bool is_empty(std::size_t column) const {
        return std::all_of(block->rows.begin(), block->rows.end(),
                           [&](std::string_view row) { return row[column] == ' '; });
    }
};

} // namespace

canvas::canvas(strata::index height, strata::index width) : m_height(height), m_width(width) {
    constexpr strata::index most = 30'000;
    if (height < 1 || height > most || width < 1 || width > most)
        strata::detail::fail<strata::argument_error>("a picture of ", height, 'x', width,
                                                     " pixels, each is to be in 1 .. ", most);
    m_pixels.assign(static_cast<std::size_t>(height * width), colour{255, 255, 255});
}

colour canvas::at(place p) const {
    if (p.row < 0 || p.row >= m_height || p.column < 0 || p.column >= m_width)
        throw std::out_of_range("canvas::at");
    return m_pixels[static_cast<std::size_t>(p.row * m_width + p.column)];
}

void canvas::fill(place corner, strata::index height, strata::index width, colour c) {
    const strata::index left = std::clamp<strata::index>(corner.column, 0, m_width);
    const strata::index right = std::clamp<strata::index>(corner.column + width, left, m_width);
    const strata::index bottom = std::min(corner.row + height, m_height);
    for (strata::index row = std::max<strata::index>(corner.row, 0); row < bottom; ++row)
        std::fill(m_pixels.begin() + row * m_width + left, m_pixels.begin() + row * m_width + right, c);
}

void canvas::image(place corner, const std::uint8_t* bytes, strata::shape size, strata::index scale) {
    for (strata::index y = 0; y < size.height; ++y)
        for (strata::index x = 0; x < size.width; ++x, bytes += size.channels) {
            const bool grey = size.channels < 3;
            fill({corner.row + y * scale, corner.column + x * scale}, scale, scale,
                 {bytes[0], bytes[grey ? 0 : 1], bytes[grey ? 0 : 2]});
        }
}

void canvas::text(place corner, std::string_view line, strata::index scale, colour c) {
    strata::index column = corner.column;
    for (const char letter : line) {
        const glyph g(letter);
        for (std::size_t y = 0; g.block && y < g.block->rows.size(); ++y)
            for (std::size_t x = 0; x < g.width; ++x)
                if (g.has_dot(y, x))
                    fill({corner.row + static_cast<strata::index>(y) * scale,
                          column + static_cast<strata::index>(x) * scale},
                         scale, scale, c);
        column += static_cast<strata::index>(g.width + 1) * scale;
    }
}

strata::index canvas::text_width(std::string_view line, strata::index scale) {
    strata::index dots = 0;
    for (const char letter : line) dots += static_cast<strata::index>(glyph(letter).width + 1);
    return std::max<strata::index>(dots - 1, 0) * scale;
}

void write_png(const canvas& picture, const std::filesystem::path& file) {
    std::string bytes;
    const auto append = [](void* to, void* data, int size) {
        static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    };
    static_assert(sizeof(colour) == 3);
    const auto width = static_cast<int>(picture.width());
    const bool made = stbi_write_png_to_func(append, &bytes, width, static_cast<int>(picture.height()), 3,
                                             picture.pixels().data(), 3 * width)
                      != 0;

    const std::filesystem::path partial = file.string() + "." + std::to_string(::getpid());
    std::ofstream stream;
    if (made) stream.open(partial, std::ios::binary);
    stream << bytes;
    stream.close();
    std::error_code problem;
    if (made && stream) std::filesystem::rename(partial, file, problem);
    if (made && stream && !problem) return;
    std::filesystem::remove(partial, problem);
    throw strata::file_error(file.string() + ": cannot be written");
}
