#pragma once

#include <strata/core/parameter.hpp>
#include <strata/core/shape.hpp>

#include <algorithm>
#include <span>

namespace strata::detail {

/// One past the last element that a span covers.
inline index end_of(std::span<const parameter_span> spans) {
    return spans.empty() ? 0 : spans.back().begin + spans.back().size;
}

/// Calls visit(begin, end, what) for the part of every span that lies in begin .. end of the flat buffer.
/// The spans ascend and do not overlap; what lies between them belongs to nobody.
template <class Visit>
void visit_segments(std::span<const parameter_span> spans, index begin, index end, const Visit& visit) {
    auto s = std::partition_point(spans.begin(), spans.end(),
                                  [&](const parameter_span& p) { return p.begin + p.size <= begin; });
    for (; s != spans.end() && s->begin < end; ++s)
        visit(std::max(begin, s->begin), std::min(end, s->begin + s->size), s->what);
}

} // namespace strata::detail
