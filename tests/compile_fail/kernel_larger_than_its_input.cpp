// expect: conv2d: the kernel is larger than its padded input: choose a smaller kernel
// shows: 4, 4, 3
#include <strata/strata.hpp>

#ifdef CORRECTED
strata::network net{strata::input<4, 4, 3>{},
                    strata::conv2d<strata::conv{.filters = 8, .kernel = 5, .padding = strata::same}>{}};
#else
strata::network net{strata::input<4, 4, 3>{}, strata::conv2d<strata::conv{.filters = 8, .kernel = 5}>{}};
#endif
