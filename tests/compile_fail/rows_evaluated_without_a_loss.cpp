// expect: which loss? The data set has rows of real targets
#include <strata/strata.hpp>
using namespace strata;

network net{input<784>{}, dense<10>{}};
using table = data::dataset<float, float, 2>;

evaluation score(const table& d) {
#ifdef CORRECTED
    return evaluate(net, d, mean_squared_error{});
#else
    return evaluate(net, d);
#endif
}
