# strata is headers only. Its own programs, tests and benchmarks are many, and would each compile the same kernels for
# float and double: they leave that to one library (see STRATA_COMPILED in the headers). It is not installed.

file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/compiled.cpp CONTENT [[#define STRATA_COMPILED
#include <strata/core/initialise.hpp>
#include <strata/kernels/conv2d.hpp>
#include <strata/kernels/dense.hpp>
#include <strata/kernels/normalise.hpp>
]])
add_library(strata_compiled STATIC EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/compiled.cpp)
target_link_libraries(strata_compiled PRIVATE strata strata_warnings strata_arch)
target_compile_definitions(strata_compiled INTERFACE STRATA_COMPILED=extern)
