#pragma once

#include "support/example.hpp"

/// Trains the variant best.
void train_best(example& run);
