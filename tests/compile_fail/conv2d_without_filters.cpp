// expect: conv2d: say how many filters: conv2d<conv{.filters = 32}>
// shows: 8, 8, 3
#include <strata/strata.hpp>

#ifdef CORRECTED
strata::network net{strata::input<8, 8, 3>{}, strata::conv2d<strata::conv{.filters = 4}>{}};
#else
strata::network net{strata::input<8, 8, 3>{}, strata::conv2d<strata::conv{.kernel = 5}>{}};
#endif
