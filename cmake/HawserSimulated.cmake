# SPDX-License-Identifier: Apache-2.0
#
# The library on the simulated system (core/scheduler_sim.h): its stories, and the plugins that run there. Every atomic is
# a point of the scheduler, by a <stdatomic.h> that stands before the compiler's.
target_include_directories(hawser_objects BEFORE PRIVATE "${PROJECT_SOURCE_DIR}/core/atomics_sim")
set_target_properties(hawser PROPERTIES EXCLUDE_FROM_ALL ON) # it has no locks for the registry: those are the stories'
set(HAWSER_NO_UNDEFINED "") # plugins reach the scheduler in the program

hawser_glob(memory_sources plugins/memory)
hawser_plugin(memory SOURCES ${memory_sources} tests/sim/net/memory_lock.c)
hawser_plugin(chaos FOLDER plugins/chaos)
set(network "")
foreach(name IN ITEMS connect plugin settings stream wire)
  list(APPEND network tests/sim/net/${name}.c)
endforeach()
hawser_plugin(sim_ready SOURCES ${network} tests/sim/net/way_ready.c)
hawser_plugin(sim_port SOURCES ${network} tests/sim/net/way_port.c)

# A story begins as in a fresh process (tests/sim/fresh.h); under sanitizers it has one.
set(fresh tests/sim/fresh)
if(HAWSER_SANITIZE)
  set(fresh tests/sim/fresh_apart)
endif()
hawser_glob(story_sources tests/sim ${fresh})
add_executable(hawser_stories ${story_sources})
target_link_libraries(hawser_stories PRIVATE -Wl,--whole-archive hawser_static -Wl,--no-whole-archive)
target_include_directories(hawser_stories BEFORE PRIVATE "${PROJECT_SOURCE_DIR}/core/atomics_sim" "${PROJECT_SOURCE_DIR}")
target_compile_definitions(hawser_stories PRIVATE STORY_PLUGIN_DIR="${HAWSER_PLUGIN_OUTPUT_DIR}")
set_target_properties(hawser_stories PROPERTIES ENABLE_EXPORTS ON OUTPUT_NAME stories)
add_dependencies(hawser_stories plugin_memory plugin_chaos plugin_sim_ready plugin_sim_port)

# Allocations are counted, and can be made to fail (tests/faults): by wrappers that are no points.
hawser_glob(allocation_sources tests/faults)
list(FILTER allocation_sources INCLUDE REGEX "/allocation")
add_library(hawser_allocation OBJECT ${allocation_sources})
target_include_directories(hawser_allocation PRIVATE "${PROJECT_SOURCE_DIR}")
add_library(hawser_story_allocation OBJECT ${allocation_sources})
target_include_directories(hawser_story_allocation PRIVATE "${PROJECT_SOURCE_DIR}")
if(NOT HAWSER_SANITIZE)
  foreach(function malloc calloc realloc strdup strndup free)
    target_compile_definitions(hawser_story_allocation PRIVATE __real_${function}=arena_${function})
  endforeach()
endif()
target_link_libraries(hawser_stories PRIVATE hawser_story_allocation)
foreach(function malloc calloc realloc strdup free strndup realpath getline)
  target_link_options(hawser_stories PRIVATE "-Wl,--wrap=${function}")
endforeach()

# The matrix of ends on the simulated system (tests/matrix), its table made by the build.
find_program(HAWSER_PYTHON NAMES python3 python REQUIRED)
set(matrix_made "${PROJECT_BINARY_DIR}/matrix")
file(MAKE_DIRECTORY "${matrix_made}")
add_custom_command(OUTPUT "${matrix_made}/matrix_cells.inc" "${matrix_made}/matrix_cells.c"
  COMMAND "${HAWSER_PYTHON}" -B tests/matrix/table.py cells "${matrix_made}/matrix_cells.inc" "${matrix_made}/matrix_cells.c"
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}" DEPENDS tests/matrix/table.py tests/matrix/ends.txt)
hawser_plugin(matrix SOURCES tests/matrix/plugin/filter.c OUTPUT_DIR "${PROJECT_BINARY_DIR}/lib/matrix-plugins")
hawser_glob(matrix_sources tests/matrix)
list(FILTER matrix_sources EXCLUDE REGEX "/(test_|run\\.c)|_posix\\.")
add_executable(hawser_matrix ${matrix_sources} tests/sim/registry_lock.c
  "${matrix_made}/matrix_cells.c" "${matrix_made}/matrix_cells.inc")
target_link_libraries(hawser_matrix PRIVATE -Wl,--whole-archive hawser_static -Wl,--no-whole-archive hawser_allocation)
target_include_directories(hawser_matrix BEFORE PRIVATE "${PROJECT_SOURCE_DIR}/core/atomics_sim" "${PROJECT_SOURCE_DIR}"
  "${matrix_made}")
target_compile_definitions(hawser_matrix PRIVATE MATRIX_PLUGIN_DIR="${HAWSER_PLUGIN_OUTPUT_DIR}"
  MATRIX_FILTER="${PROJECT_BINARY_DIR}/lib/matrix-plugins/matrix${HAWSER_PLUGIN_SUFFIX}")
set_target_properties(hawser_matrix PROPERTIES ENABLE_EXPORTS ON OUTPUT_NAME matrix)
add_dependencies(hawser_matrix plugin_matrix plugin_memory plugin_chaos plugin_sim_ready plugin_sim_port)
foreach(function malloc calloc realloc strdup free strndup realpath getline resolve_blocking)
  target_link_options(hawser_matrix PRIVATE "-Wl,--wrap=${function}")
endforeach()

# Round trips, none of which may wait for a timer.
add_executable(hawser_trips tests/sim/trips/main.c tests/sim/registry_lock.c)
target_link_libraries(hawser_trips PRIVATE -Wl,--whole-archive hawser_static -Wl,--no-whole-archive)
target_include_directories(hawser_trips BEFORE PRIVATE "${PROJECT_SOURCE_DIR}/core/atomics_sim" "${PROJECT_SOURCE_DIR}")
target_compile_definitions(hawser_trips PRIVATE STORY_PLUGIN_DIR="${HAWSER_PLUGIN_OUTPUT_DIR}")
set_target_properties(hawser_trips PROPERTIES ENABLE_EXPORTS ON OUTPUT_NAME trips)
add_dependencies(hawser_trips plugin_sim_ready)

# The conformance kit on the simulated system, against the simulated transports.
hawser_glob(kit_sources plugins/check)
list(FILTER kit_sources EXCLUDE REGEX "/((sync|files|poller)_[a-z0-9]+|memory)\\.c$")
hawser_glob(kit_sim_sources tests/sim/kit)
set(kit_system plugins/heard.c)
foreach(name IN ITEMS context failing file scheduler switches walk)
  list(APPEND kit_system core/${name}_sim.c)
endforeach()
add_executable(hawser_kit_sim ${kit_sources} ${kit_sim_sources} ${kit_system})
target_include_directories(hawser_kit_sim BEFORE PRIVATE "${PROJECT_SOURCE_DIR}/core/atomics_sim" "${PROJECT_SOURCE_DIR}")
target_compile_definitions(hawser_kit_sim PRIVATE KIT_PLUGIN_DIR="${HAWSER_PLUGIN_OUTPUT_DIR}")
# The network allocates where it must not switch.
add_library(hawser_kit_memory OBJECT plugins/check/memory.c)
target_include_directories(hawser_kit_memory PRIVATE "${PROJECT_SOURCE_DIR}")
target_link_libraries(hawser_kit_sim PRIVATE hawser_kit_memory)
target_link_options(hawser_kit_sim PRIVATE -Wl,--wrap=check_process_run)
set_target_properties(hawser_kit_sim PROPERTIES ENABLE_EXPORTS ON OUTPUT_NAME kit_sim)
add_dependencies(hawser_kit_sim plugin_sim_ready plugin_sim_port)

enable_testing()
add_test(NAME sim.kit COMMAND hawser_kit_sim 1 1)
add_test(NAME sim.trips COMMAND hawser_trips)
add_test(NAME sim.stories COMMAND hawser_stories --count 3000)
add_test(NAME sim.again COMMAND hawser_stories --from 500001 --count 1000 --twice)
add_test(NAME sim.failures COMMAND hawser_stories --from 600001 --count 60 --failures 30)
add_test(NAME sim.matrix COMMAND hawser_matrix --schedules 3)
# What the mutants of the simulated system are judged by (tests/mutants/run.sh).
add_custom_target(sim_search DEPENDS hawser_stories)
add_custom_target(sim_failures DEPENDS hawser_stories)
add_test(NAME sim.search COMMAND hawser_stories --count 20000)
# All schedules of small stories with one switch; of a few of them for the mutants.
add_test(NAME sim.small COMMAND hawser_stories --search --bound 1)
add_custom_target(sim_races DEPENDS hawser_stories)
add_test(NAME sim.races COMMAND hawser_stories --search cancel-recv --bound 1)
# A story is told in the same way wherever it is told.
add_test(NAME sim.fresh COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1
  python3 "${PROJECT_SOURCE_DIR}/tests/sim/again.py" $<TARGET_FILE:hawser_stories>)
set_tests_properties(sim.trips sim.matrix sim.stories sim.again sim.failures sim.search sim.small sim.races sim.fresh sim.kit PROPERTIES LABELS sim TIMEOUT 600)
