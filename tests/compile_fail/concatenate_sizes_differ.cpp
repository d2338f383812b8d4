// expect: concatenate: all branches must have outputs of the same height and width
// shows: branches_to_join<2
// shows: 8, 8, 4
// shows: 4, 4, 6
#include <strata/strata.hpp>
using namespace strata;

#ifdef CORRECTED
constexpr conv half{.filters = 6, .kernel = 3, .padding = same};
#else
constexpr conv half{.filters = 6, .kernel = 3, .stride = 2, .padding = same};
#endif
network net{input<8, 8, 4>{}, concatenate{identity{}, conv2d<conv{.filters = 2, .kernel = 1}>{},
                                          sequence{conv2d<half>{}, relu{}}}};
