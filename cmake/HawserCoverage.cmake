# SPDX-License-Identifier: Apache-2.0
#
# Counts of every line and branch of the library, as tools/coverage reads them: one branch for each condition that stands
# in the source, so nothing is optimised, and no assertion counts as a branch that is never taken. Threads count without
# atomics: some of a count may be lost, but never the last of it, and whether it is zero is all that is asked.
target_compile_options(hawser_objects PRIVATE --coverage -fprofile-update=single -O0)
target_link_options(hawser PRIVATE --coverage)
target_link_options(hawser_static INTERFACE --coverage)
# Tests that are linked to it leave some of their children by _exit.
add_library(hawser_coverage_exit OBJECT cmake/coverage_exit.c)
target_sources(hawser_static INTERFACE $<TARGET_OBJECTS:hawser_coverage_exit>)
target_link_options(hawser_static INTERFACE -Wl,--wrap=_exit)
# The simulated system is no part of what is counted.
set(simulation ${library_sources})
list(FILTER simulation INCLUDE REGEX "_sim\\.c$")
set_source_files_properties(${simulation} PROPERTIES COMPILE_OPTIONS "-fno-profile-arcs;-fno-test-coverage;-O2")
