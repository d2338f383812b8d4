// expect: softmax_cross_entropy expects a flat output, one logit per class
#include <strata/strata.hpp>
using namespace strata;

#ifdef CORRECTED
network net{input<4, 4, 10>{}, flatten{}, dense<10>{}};
#else
network net{input<4, 4, 10>{}, relu{}};
#endif

evaluation score(const data::dataset<float, std::uint8_t>& digits) {
    return evaluate(net, digits, softmax_cross_entropy{});
}
