// expect: dense expects a flat input: put flatten or global_average_pool before it
// shows: bound<2,
// shows: dense<10
// shows: 14, 14, 8
#include <strata/strata.hpp>
using namespace strata;

#ifdef CORRECTED
network net{input<28, 28, 1>{}, conv2d<conv{.filters = 8, .kernel = 3, .stride = 2, .padding = same}>{},
            relu{}, flatten{}, dense<10>{}};
#else
network net{input<28, 28, 1>{}, conv2d<conv{.filters = 8, .kernel = 3, .stride = 2, .padding = same}>{},
            relu{}, dense<10>{}};
#endif
