#pragma once

#include <vector>

#include "support/comparison.hpp"

// What there is to measure; one file each.
void add_convolutions(std::vector<bench::subject>&);
void add_dense_layers(std::vector<bench::subject>&);
void add_updates(std::vector<bench::subject>&);
