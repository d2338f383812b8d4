// expect: a callback has at least one of begin, step, epoch, end, failed
#include <strata/strata.hpp>
using namespace strata;

network net{input<784>{}, dense<10>{}};

struct watch {
#ifdef CORRECTED
    void step(auto& run) {
        last = run.last.loss;
    }
#else
    void on_step(auto& run) {
        last = run.last.loss;
    }
#endif
    double last = 0;
};

void train(const data::dataset<>& d) {
    fit(net, d, softmax_cross_entropy{}, adam{}, {.steps = 1}, watch{});
}
