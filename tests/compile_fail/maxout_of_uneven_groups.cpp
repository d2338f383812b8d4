// expect: maxout: the channels of its input must be a multiple of its pieces
// shows: maxout<3>
#include <strata/strata.hpp>
using namespace strata;

#ifdef CORRECTED
network net{input<16>{}, dense<12>{}, maxout<3>{}};
#else
network net{input<16>{}, dense<10>{}, maxout<3>{}};
#endif
