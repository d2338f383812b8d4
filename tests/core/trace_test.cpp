#include <strata/core/trace.hpp>

#include "support/catch.hpp"

using namespace strata;

namespace {

struct halve {
    static constexpr shape output(shape in) { return {in.height / 2, in.width / 2, in.channels}; }
};
struct flat {
    static constexpr shape output(shape in) { return {1, 1, in.size()}; }
};

} // namespace

TEST_CASE("trace follows a shape through layers") {
    constexpr auto shapes = trace<halve, halve, flat>({8, 12, 3});
    static_assert(shapes.size() == 4);
    static_assert(shapes[0] == shape{8, 12, 3});
    static_assert(shapes[1] == shape{4, 6, 3});
    static_assert(shapes[2] == shape{2, 3, 3});
    static_assert(shapes[3] == shape{1, 1, 18});
    static_assert(trace<>({8, 12, 3}).size() == 1);
    static_assert(!trace<halve, halve, halve, halve>({8, 12, 3}).back().is_valid());
    SUCCEED();
}
