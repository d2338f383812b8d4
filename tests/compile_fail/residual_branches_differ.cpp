// expect: residual: the branch and the shortcut must have the same output shape
#include <strata/strata.hpp>
using namespace strata;

#ifdef CORRECTED
network net{input<16>{}, residual{sequence{dense<8>{}, relu{}}, dense<8>{}}};
#else
network net{input<16>{}, residual{sequence{dense<8>{}, relu{}}}};
#endif
