# The instruction set of strata's own programs, and nobody else's: STRATA_ARCH is
#
#   native      all that this machine has: the default at the top level
#   default     what the compiler produces unasked: the default inside another project
#   a value of  the compiler's -march, like x86-64-v3
#
# strata_arch carries the flag.

set(choice default)
if(PROJECT_IS_TOP_LEVEL)
  set(choice native)
endif()
set(STRATA_ARCH ${choice} CACHE STRING "Instruction set of strata's own programs: native, default, or a value of -march")
set_property(CACHE STRATA_ARCH PROPERTY STRINGS native default x86-64-v2 x86-64-v3 x86-64-v4)

include(CheckCXXCompilerFlag)
set(strata_arch_flag)
if(STRATA_ARCH MATCHES "^x86-64" AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
  message(STATUS "strata: ${STRATA_ARCH} is no instruction set of ${CMAKE_SYSTEM_PROCESSOR}: the compiler chooses")
elseif(NOT STRATA_ARCH STREQUAL "default")
  string(MAKE_C_IDENTIFIER "STRATA_HAS_MARCH_${STRATA_ARCH}" has_flag)
  check_cxx_compiler_flag(-march=${STRATA_ARCH} ${has_flag})
  if(${has_flag})
    set(strata_arch_flag -march=${STRATA_ARCH})
  elseif(STRATA_ARCH STREQUAL "native") # what some compilers for ARM call it
    set(strata_arch_flag -mcpu=native)
  else()
    message(FATAL_ERROR "STRATA_ARCH: this compiler has no -march=${STRATA_ARCH}. Choose native, default, or a "
                        "value that it knows.")
  endif()
endif()
message(STATUS "strata: programs are compiled for the instruction set ${STRATA_ARCH} (${strata_arch_flag}); "
               "-DSTRATA_ARCH=native, default or a value of -march changes that")

add_library(strata_arch INTERFACE)
target_compile_options(strata_arch INTERFACE ${strata_arch_flag})
