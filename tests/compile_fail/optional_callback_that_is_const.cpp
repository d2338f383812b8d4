// expect: this callback is const, but changes when it is called
#include <strata/strata.hpp>
using namespace strata;

network net{input<784>{}, dense<10>{}};

#ifdef CORRECTED
using bar = std::optional<progress_bar>;
#else
using bar = const std::optional<progress_bar>;
#endif

void train(const data::dataset<>& d) {
    bar shown = progress_bar{};
    fit(net, d, softmax_cross_entropy{}, adam{}, {.steps = 1}, shown);
}
