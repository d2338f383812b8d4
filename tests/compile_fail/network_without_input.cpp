// expect: network: what goes in comes first: network{input<28, 28, 1>{}, ...}
// shows: dense<4
#include <strata/strata.hpp>
using namespace strata;

#ifdef CORRECTED
network net{input<8>{}, dense<4>{}, relu{}};
#else
network net{dense<4>{}, relu{}};
#endif
