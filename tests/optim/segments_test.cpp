#include <strata/optim/segments.hpp>

#include <random>
#include <tuple>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

namespace {

using seen = std::vector<std::tuple<strata::index, strata::index, kind>>;

seen visited(const std::vector<parameter_span>& spans, strata::index begin, strata::index end) {
    seen out;
    detail::visit_segments(std::span<const parameter_span>(spans), begin, end,
                           [&](auto... segment) { out.emplace_back(segment...); });
    return out;
}

} // namespace

TEST_CASE("a segment is the part of a span that lies in the range, with the span's kind") {
    const std::vector<parameter_span> spans{{2, 3, kind::weight}, {5, 1, kind::bias}, {8, 4, kind::scale}};
    CHECK(visited(spans, 0, 100) == seen{{2, 5, kind::weight}, {5, 6, kind::bias}, {8, 12, kind::scale}});
    CHECK(visited(spans, 3, 10) == seen{{3, 5, kind::weight}, {5, 6, kind::bias}, {8, 10, kind::scale}});
    CHECK(visited(spans, 9, 11) == seen{{9, 11, kind::scale}});
    CHECK(visited(spans, 5, 6) == seen{{5, 6, kind::bias}});
    CHECK(visited(spans, 0, 2).empty());
    CHECK(visited(spans, 6, 8).empty());
    CHECK(visited(spans, 12, 100).empty());
    CHECK(visited({}, 0, 100).empty());
}

TEST_CASE("chunks of any size see every element of every span once, and no other") {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        std::vector<parameter_span> spans;
        std::vector<int> owner; // of each element: its span, or -1
        for (int s = 0; s < 6; ++s) {
            owner.insert(owner.end(), random() % 4, -1);
            const auto size = static_cast<strata::index>(1 + random() % 9);
            spans.push_back({static_cast<strata::index>(owner.size()), size, static_cast<kind>(s % 5)});
            owner.insert(owner.end(), static_cast<std::size_t>(size), s);
        }
        const auto count = detail::end_of(std::span<const parameter_span>(spans));
        REQUIRE(count == static_cast<strata::index>(owner.size()));

        const auto grain = static_cast<strata::index>(1 + random() % 12);
        std::vector<int> found(owner.size(), -1);
        for (strata::index begin = 0; begin < count; begin += grain)
            for (const auto& [first, last, what] : visited(spans, begin, std::min(count, begin + grain))) {
                REQUIRE(first < last);
                REQUIRE(first >= begin);
                REQUIRE(last <= std::min(count, begin + grain));
                for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
                    REQUIRE(found[i] == -1);
                    found[i] = owner[i];
                    REQUIRE(owner[i] >= 0);
                    REQUIRE(what == spans[static_cast<std::size_t>(owner[i])].what);
                }
            }
        REQUIRE(found == owner);
    }
}

TEST_CASE("no spans end at 0") {
    CHECK(detail::end_of({}) == 0);
}
