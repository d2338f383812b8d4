#include "variants.hpp"

using namespace strata;

void train_best(example&) {}
