// expect: nothing
// What the other programs here get wrong, done right: if this fails, they fail for the wrong reason.
#include <strata/strata.hpp>

static_assert(strata::shape{24, 24, 32}.size() == 18'432);
