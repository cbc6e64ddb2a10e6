# SPDX-License-Identifier: Apache-2.0
#
# Fuzzers by convention: tests/fuzz/fuzz_NAME.c has LLVMFuzzerTestOneInput, and tests/fuzz/corpus/NAME/ its seeds. Under
# the preset fuzz each becomes a libFuzzer program bin/fuzz_NAME; under the others a test, fuzz.NAME, that gives it every
# file of its corpus once, so that an input that was once a bug is tested everywhere.
#
# The target fuzzers builds them all and nothing else. tests/fuzz/CMakeLists.txt can add to each.
add_custom_target(fuzzers)
file(GLOB fuzzers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_*.c")
list(FILTER fuzzers EXCLUDE REGEX "${HAWSER_FOREIGN_FUZZERS}")
foreach(fuzzer IN LISTS fuzzers)
  get_filename_component(target "${fuzzer}" NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" name "${target}")
  add_executable(${target} "${fuzzer}")
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_options(${target} PRIVATE -UNDEBUG)
  add_dependencies(fuzzers ${target})
  if(TARGET hawser_static)
    target_link_libraries(${target} PRIVATE hawser_static)
  endif()
  if(HAWSER_SANITIZE STREQUAL "fuzzer")
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/replay.c")
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    add_test(NAME fuzz.${name} COMMAND ${target} "${HAWSER_DRIVE}${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name}")
    hawser_test_properties(fuzz.${name} fuzz)
  endif()
endforeach()
