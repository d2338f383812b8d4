// expect: this loss expects rows of real targets, the data set has class labels
#include <strata/strata.hpp>
using namespace strata;

network net{input<784>{}, dense<10>{}};

#ifdef CORRECTED
using digits = data::dataset<float, float, 2>;
#else
using digits = data::dataset<float, std::uint8_t>;
#endif

evaluation score(const digits& d) {
    return evaluate(net, d, mean_squared_error{});
}
