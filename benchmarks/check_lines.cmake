# cmake -DPROGRAM=... "-DARGUMENTS=...;..." -DLEAST=N -P check_lines.cmake
# Runs a benchmark program: it must print at least N measurements, every line must be a JSON object with the
# members that other programs look for, and every time must be more than 0.

execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} OUTPUT_VARIABLE output RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with status ${status}")
endif()

string(REPLACE "\n" ";" lines "${output}")
set(count 0)
foreach(line IN LISTS lines)
  if(line STREQUAL "")
    continue()
  endif()
  foreach(member peer case what batch threads median_us gflops)
    string(JSON ${member} GET "${line}" ${member}) # stops here where the line is no object or has no such member
  endforeach()
  if(what STREQUAL "peak")
    if(NOT gflops GREATER 0)
      message(FATAL_ERROR "a peak of ${gflops} GFLOP/s: ${line}")
    endif()
    continue()
  endif()
  if(NOT median_us GREATER 0)
    message(FATAL_ERROR "a time of ${median_us} us: ${line}")
  endif()
  math(EXPR count "${count} + 1")
endforeach()
if(count LESS LEAST)
  message(FATAL_ERROR "${count} measurements, expected at least ${LEAST}:\n${output}")
endif()
message(STATUS "${count} measurements")
