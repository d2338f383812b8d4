// expect: this callback is const, but changes when it is called
#include <strata/strata.hpp>
using namespace strata;

network net{input<784>{}, dense<10>{}};

#ifdef CORRECTED
using stopping = early_stopping;
#else
using stopping = const early_stopping;
#endif

void train(const data::dataset<>& d) {
    stopping soon{.patience = 3};
    fit(net, d, softmax_cross_entropy{}, adam{}, {.steps = 1}, evaluate_on{d}, soon);
}
