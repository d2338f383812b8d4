#pragma once

// A small canvas to draw pictures on, and to write them as PNG files.

#include <strata/core/shape.hpp>

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

struct colour {
    std::uint8_t red = 0, green = 0, blue = 0;
    friend bool operator==(const colour&, const colour&) = default;
};

/// A place on a canvas, in pixels from its top left corner.
struct place {
    strata::index row = 0, column = 0;
};

/// A picture of 8-bit RGB pixels, white at first. What lies outside of it is not drawn.
class canvas {
public:
    /// Throws argument_error unless both are in 1 .. 30,000.
    canvas(strata::index height, strata::index width);

    strata::index height() const { return m_height; }
    strata::index width() const { return m_width; }
    /// The pixels, row by row.
    const std::vector<colour>& pixels() const { return m_pixels; }
    /// Throws std::out_of_range for a place outside.
    colour at(place p) const;

    /// Fills a rectangle with this top left corner.
    void fill(place corner, strata::index height, strata::index width, colour c);

    /// Draws an image (height, width, channels) of bytes with every pixel as a square of `scale` pixels: in
    /// colour from its first three channels, in grey from the first where there are fewer.
    void image(place corner, const std::uint8_t* bytes, strata::shape size, strata::index scale);

    /// Writes a line of small letters, digits and . , : % > / - _; capitals are written small, anything else
    /// is a space. Every dot of a letter is a square of `scale` pixels.
    void text(place corner, std::string_view line, strata::index scale, colour c = {});

    /// How wide `text` makes a line.
    static strata::index text_width(std::string_view line, strata::index scale);
    /// From the top of a line to its base line; letters such as p reach 2 dots lower.
    static strata::index text_height(strata::index scale) { return 7 * scale; }

private:
    strata::index m_height, m_width;
    std::vector<colour> m_pixels;
};

/// Writes a picture, whole or not at all: under another name first. Throws file_error if it cannot be done.
void write_png(const canvas& picture, const std::filesystem::path& file);
