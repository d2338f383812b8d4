// expect: max_pool2d: nothing is left of its input: choose a smaller size, or padding = same
// shows: 2, 3, 8
#include <strata/strata.hpp>

#ifdef CORRECTED
strata::network net{strata::input<2, 3, 8>{}, strata::max_pool2d<strata::pool{.size = 2}>{}};
#else
strata::network net{strata::input<2, 3, 8>{}, strata::max_pool2d<strata::pool{.size = 3}>{}};
#endif
