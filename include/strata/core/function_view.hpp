#pragma once

#include <memory>
#include <type_traits>

namespace strata::detail {

template <class Signature> class function_view;

/// A reference to a function object that outlives it. A kernel that takes one is compiled once, not anew for
/// every activation that is applied to its results.
template <class... Arguments> class function_view<void(Arguments...)> {
public:
    template <class F>
        requires(!std::is_same_v<F, function_view>)
    function_view(const F& function)
        : m_function(std::addressof(function)),
          m_call([](const void* f, Arguments... arguments) { (*static_cast<const F*>(f))(arguments...); }) {}

    void operator()(Arguments... arguments) const { m_call(m_function, arguments...); }

private:
    const void* m_function;
    void (*m_call)(const void*, Arguments...);
};

} // namespace strata::detail
