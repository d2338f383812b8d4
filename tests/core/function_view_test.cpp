#include <strata/core/function_view.hpp>

#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace strata;

namespace {

using view_of_int = detail::function_view<void(int)>;

struct counter {
    mutable int sum = 0;
    void operator()(int n) const { sum += n; }
};

} // namespace

TEST_CASE("a function_view calls the object itself, not a copy of it") {
    const counter object;
    const view_of_int view(object);
    view(2);
    view(5);
    CHECK(object.sum == 7);
    object.sum = 100;
    view(1);
    CHECK(object.sum == 101);
}

TEST_CASE("a copy of a function_view refers to the object, not to the view") {
    const counter first, second;
    view_of_int view(first);
    const view_of_int copy(view); // from one that is not const: no view of a view
    view = view_of_int(second);
    copy(3);
    view(4);
    CHECK(first.sum == 3);
    CHECK(second.sum == 4);
    static_assert(std::is_trivially_copyable_v<view_of_int>);
}

TEST_CASE("a function_view hands arguments over in their order, references as references") {
    int written = 0;
    std::vector<int> seen;
    const auto f = [&](int& out, int a, int b, int c) {
        out = 9;
        seen = {a, b, c};
        return seen.size(); // what comes back is dropped
    };
    const detail::function_view<void(int&, int, int, int)> view(f);
    view(written, 1, 2, 3);
    CHECK(written == 9);
    CHECK(seen == std::vector<int>{1, 2, 3});
}

TEST_CASE("a function is taken as a view where one is expected, its address as it is") {
    struct hidden {
        int* calls;
        void operator()(int n) const { *calls += n; }
        const hidden* operator&() const { return nullptr; }
    };
    int calls = 0;
    const auto call = [](view_of_int f) { f(6); };
    call(hidden{&calls});
    call([&](int n) { calls += 10 * n; });
    CHECK(calls == 66);
}
