#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace strata::testing {

using json = nlohmann::json;

/// A file of tests/golden: numbers that another program made, as the file's "made_by" says.
inline const json& golden(const std::string& file) {
    static std::map<std::string, json> files;
    const auto [place, is_new] = files.try_emplace(file);
    if (is_new) {
        const auto path = std::filesystem::path(__FILE__).parent_path().parent_path() / "golden" / file;
        std::ifstream in(path);
        if (!in) throw std::runtime_error(path.string() + ": cannot be read");
        place->second = json::parse(in);
    }
    return place->second;
}

/// The numbers of an array, as T.
template <class T = double> std::vector<T> numbers(const json& array) {
    return array.get<std::vector<T>>();
}

/// Holds `given` against golden numbers: as many, and each as close as `tolerance` times the largest of them.
inline void check_close(std::span<const double> given, const json& golden_array, double tolerance = 1e-12) {
    const auto expected = numbers(golden_array);
    REQUIRE(given.size() == expected.size());
    REQUIRE(!expected.empty());
    double largest = 0, worst = 0;
    for (const double e : expected) largest = std::max(largest, std::abs(e));
    std::size_t place = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double difference = std::abs(given[i] - expected[i]);
        if (!(difference <= worst)) worst = difference, place = i;
        if (std::isnan(difference)) break;
    }
    CAPTURE(place, given[place], expected[place], largest);
    CHECK(worst <= tolerance * largest);
}

} // namespace strata::testing
