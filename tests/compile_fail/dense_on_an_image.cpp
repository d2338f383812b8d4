// expect: dense expects a flat input: put flatten or global_average_pool before it
// shows: dense<10
// shows: 28, 28, 1
#include <strata/strata.hpp>

#ifdef CORRECTED
strata::network net{strata::input<784>{}, strata::dense<10>{}};
#else
strata::network net{strata::input<28, 28, 1>{}, strata::dense<10>{}};
#endif
