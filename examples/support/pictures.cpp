#include "support/pictures.hpp"

#include <strata/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace {

constexpr const char *misclassified_file = "misclassified.png", *confusion_file = "confusion.png",
                     *filters_file = "filters.png";

constexpr strata::index letter_scale = 2, margin = 24, line_height = 22;
constexpr colour black{}, grey{150, 150, 150}, green{0, 110, 50}, red{200, 30, 40}, blue{20, 90, 180},
    white{255, 255, 255};

strata::index width_of(std::string_view line) {
    return canvas::text_width(line, letter_scale);
}

std::string class_name(const std::vector<std::string>& classes, strata::index label) {
    if (label < 0) return "nan";
    const auto i = static_cast<std::size_t>(label);
    return i < classes.size() ? classes[i] : std::to_string(label);
}

/// A line, cut short with a full stop where it is too wide.
std::string fitted(std::string line, strata::index width) {
    if (width_of(line) <= width) return line;
    while (!line.empty() && width_of(line + '.') > width) line.pop_back();
    return line + '.';
}

/// A white picture with a line above `height` x `width` pixels of whatever is to be drawn at {top, margin}.
struct titled {
    static constexpr strata::index top = margin + 2 * line_height;
    canvas picture;

    titled(const std::string& title, strata::index height, strata::index width)
        : picture(top + height + margin, std::max(width, width_of(title)) + 2 * margin) {
        picture.text({margin, margin}, title, letter_scale);
    }
};

/// An image that is taken for another class.
struct mistake {
    strata::index image, guess;
    double doubt; ///< what the other classes have in the softmax, in units of the guess's
};

std::vector<mistake> mistakes(const labelled_images& images, std::span<const float> outputs) {
    std::vector<mistake> found;
    const std::size_t classes = outputs.size() / static_cast<std::size_t>(images.count);
    for (strata::index i = 0; i < images.count; ++i) {
        const auto z = outputs.subspan(static_cast<std::size_t>(i) * classes, classes);
        if (std::any_of(z.begin(), z.end(), [](float v) { return std::isnan(v); })) {
            found.push_back({i, -1, std::numeric_limits<double>::infinity()});
            continue;
        }
        const auto best = std::max_element(z.begin(), z.end());
        if (best - z.begin() == images.labels[i]) continue;
        double doubt = 0;
        for (auto v = z.begin(); v != z.end(); ++v)
            if (v != best) doubt += std::exp(static_cast<double>(*v) - static_cast<double>(*best));
        found.push_back({i, best - z.begin(), doubt});
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const mistake& a, const mistake& b) { return a.doubt < b.doubt; });
    return found;
}

/// White at 0, `full` at 1.
colour shade(double share, colour full) {
    const auto mix = [&](std::uint8_t c) { return static_cast<std::uint8_t>(255 - share * (255 - c)); };
    return {mix(full.red), mix(full.green), mix(full.blue)};
}

} // namespace

canvas misclassified(const labelled_images& images, std::span<const float> outputs) {
    constexpr strata::index most_columns = 10, most = 8 * most_columns, gap = 16, image_width = 112;
    auto found = mistakes(images, outputs);
    std::string title = std::to_string(found.size()) + " of " + std::to_string(images.count) + " wrong";
    if (!found.empty()) title += ", the most certain ones first: true class > predicted class";
    found.resize(std::min<std::size_t>(found.size(), most));

    const strata::index scale =
        std::max<strata::index>(1, (image_width + images.size.width - 1) / images.size.width);
    const strata::index width = images.size.width * scale, height = images.size.height * scale;
    const auto name = [&](strata::index label) { return class_name(images.classes, label); };
    const auto truth = [&](const mistake& m) { return name(images.labels[m.image]); };
    const std::string between = " > ", before = "> ";
    const bool one_line = std::all_of(found.begin(), found.end(), [&](const mistake& m) {
        return width_of(truth(m) + between + name(m.guess)) <= width;
    });
    const auto count = static_cast<strata::index>(found.size());
    const strata::index columns = std::min(count, most_columns);
    const strata::index rows = count == 0 ? 0 : (count + columns - 1) / columns;
    const strata::index step = height + (one_line ? line_height : 2 * line_height + 6) + gap;

    titled result(title, rows * step, columns * (width + gap) - gap);
    for (strata::index i = 0; i < count; ++i) {
        const mistake& m = found[static_cast<std::size_t>(i)];
        place at{titled::top + i / columns * step, margin + i % columns * (width + gap)};
        result.picture.image(at, images.pixels + m.image * images.size.size(), images.size, scale);
        at.row += height + 8;
        // words that follow one another
        const auto write = [&](const std::string& words, colour c) {
            result.picture.text(at, words, letter_scale, c);
            at.column += width_of(words) + letter_scale;
        };
        const strata::index left = at.column;
        if (one_line) {
            at.column += (width - width_of(truth(m) + between + name(m.guess))) / 2;
            write(truth(m), green);
            write(between, grey);
        } else {
            write(fitted(truth(m), width), green);
            at = {at.row + line_height, left};
            write(before, grey);
        }
        write(fitted(name(m.guess), left + width - at.column), red);
    }
    return result.picture;
}

canvas confusion_matrix(std::span<const std::int64_t> counts, const std::vector<std::string>& classes) {
    constexpr strata::index cell_height = 40, pad = 8, least_width = 56, most_width = 128;
    const auto n = static_cast<strata::index>(std::lround(std::sqrt(static_cast<double>(counts.size()))));
    strata::index cell_width = least_width;
    for (strata::index i = 0; i < n; ++i)
        cell_width = std::max(cell_width, width_of(class_name(classes, i)) + 2 * pad);
    for (const std::int64_t count : counts)
        cell_width = std::max(cell_width, width_of(std::to_string(count)) + 2 * pad);
    cell_width = std::min(cell_width, most_width);

    std::int64_t all = 0, right = 0;
    for (strata::index i = 0; i < n * n; ++i) {
        all += counts[static_cast<std::size_t>(i)];
        if (i % (n + 1) == 0) right += counts[static_cast<std::size_t>(i)];
    }
    const std::string rows = "true", columns = "predicted";
    const strata::index label_width = std::max(cell_width, width_of(rows) + 2 * pad);
    const strata::index left = margin + label_width, top = titled::top + 2 * line_height;
    titled result(std::to_string(right) + " of " + std::to_string(all) + " right",
                  2 * line_height + n * cell_height, label_width + n * cell_width);
    canvas& picture = result.picture;
    picture.text({titled::top, left + (n * cell_width - width_of(columns)) / 2}, columns, letter_scale, grey);
    picture.text({top - line_height, left - pad - width_of(rows)}, rows, letter_scale, grey);

    const auto centred = [&](strata::index row, strata::index column, const std::string& line, colour c) {
        const strata::index height = canvas::text_height(letter_scale);
        picture.text({row + (cell_height - height) / 2, column + (cell_width - width_of(line)) / 2}, line,
                     letter_scale, c);
    };
    picture.fill({top - 1, left - 1}, n * cell_height + 1, n * cell_width + 1, {210, 210, 210});
    for (strata::index i = 0; i < n; ++i) {
        const std::string name = fitted(class_name(classes, i), cell_width - 2 * pad);
        picture.text({top - line_height, left + i * cell_width + (cell_width - width_of(name)) / 2}, name,
                     letter_scale);
        picture.text({top + i * cell_height + (cell_height - canvas::text_height(letter_scale)) / 2,
                      left - pad - width_of(name)},
                     name, letter_scale);
        const auto row = counts.subspan(static_cast<std::size_t>(i * n), static_cast<std::size_t>(n));
        std::int64_t sum = 0;
        for (const std::int64_t count : row) sum += count;
        for (strata::index j = 0; j < n; ++j) {
            const std::int64_t count = row[static_cast<std::size_t>(j)];
            // the root, so that a hundredth can be told from nothing
            const double share =
                sum == 0 ? 0 : std::sqrt(static_cast<double>(count) / static_cast<double>(sum));
            const place corner{top + i * cell_height, left + j * cell_width};
            picture.fill(corner, cell_height - 1, cell_width - 1, shade(share, i == j ? blue : red));
            const colour ink = count == 0 ? colour{200, 200, 200} : share > 0.6 ? white : black;
            centred(corner.row, corner.column, std::to_string(count), ink);
        }
    }
    return picture;
}

canvas filters(const filter_bank& bank) {
    constexpr strata::index least_columns = 8, most_rows = 8, gap = 12, largest = 84;
    const strata::shape kernel = bank.kernel;
    const strata::index count = bank.filters;
    const strata::index columns =
        std::min(count, std::max(least_columns, (count + most_rows - 1) / most_rows));
    const strata::index rows = (count + columns - 1) / columns;
    const strata::index scale = std::max<strata::index>(1, largest / std::max(kernel.height, kernel.width));
    const strata::index width = kernel.width * scale, height = kernel.height * scale;
    const strata::index shown = kernel.channels < 3 ? 1 : 3;

    const std::string title = "first convolution: " + std::to_string(count) + " filters "
                              + std::to_string(kernel.height) + "x" + std::to_string(kernel.width) + "x"
                              + std::to_string(kernel.channels);
    titled result(title, rows * (height + gap) - gap, columns * (width + gap) - gap);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(kernel.pixels() * shown));
    for (strata::index f = 0; f < count; ++f) {
        const auto weight = [&](strata::index i) {
            return bank.weights[(i / shown * kernel.channels + i % shown) * count + f];
        };
        float low = weight(0), high = low;
        for (strata::index i = 1; i < kernel.pixels() * shown; ++i) {
            low = std::min(low, weight(i));
            high = std::max(high, weight(i));
        }
        const float range = high - low;
        for (strata::index i = 0; i < kernel.pixels() * shown; ++i)
            bytes[static_cast<std::size_t>(i)] =
                range > 0 ? static_cast<std::uint8_t>(std::lround(255 * (weight(i) - low) / range)) : 128;
        const place at{titled::top + f / columns * (height + gap), margin + f % columns * (width + gap)};
        result.picture.fill({at.row - 1, at.column - 1}, height + 2, width + 2, grey); // a frame
        result.picture.image(at, bytes.data(), {kernel.height, kernel.width, shown}, scale);
    }
    return result.picture;
}

void check_pictures(const std::filesystem::path& folder) {
    std::error_code problem;
    std::filesystem::create_directories(folder, problem);
    if (!std::filesystem::is_directory(folder) || access(folder.c_str(), W_OK | X_OK) != 0)
        throw strata::file_error(folder.string() + ": no folder that can be written to");
    for (const char* name : {misclassified_file, confusion_file, filters_file})
        if (std::filesystem::is_directory(folder / name))
            throw strata::file_error((folder / name).string() + ": cannot be written, it is a folder");
}

void write_pictures(const std::filesystem::path& folder, const labelled_images& images,
                    std::span<const float> outputs, std::span<const std::int64_t> counts,
                    const filter_bank& first) {
    write_png(misclassified(images, outputs), folder / misclassified_file);
    write_png(confusion_matrix(counts, images.classes), folder / confusion_file);
    if (first.weights) write_png(filters(first), folder / filters_file);
}
