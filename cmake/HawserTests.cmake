# SPDX-License-Identifier: Apache-2.0
#
# What differs between systems in their tests.
#
#   CMOCKA_LIBRARY         the library, or a target with as much of it as we use
#   HAWSER_TEST_LIBRARIES  what programs of the tests need beside it
#   HAWSER_TEST_SLOWNESS   by what the numbers of rounds are divided, where each takes long
#   HAWSER_DRIVE           what stands before a path of this machine where a program of the tests is to open it
#   HAWSER_TEST_SYSTEM     the name by which scripts know the system of what they test
#   HAWSER_TEST_PLUGINS    the targets of the transports that tests load
#   HAWSER_FOREIGN_TESTS   a regular expression: tests that are for another system
if(WIN32)
  add_library(cmocka_win32 STATIC "${CMAKE_CURRENT_SOURCE_DIR}/cmocka_win32/cmocka.c")
  target_include_directories(cmocka_win32
    PRIVATE "${PROJECT_SOURCE_DIR}" INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}/cmocka_win32")
  set(CMOCKA_LIBRARY cmocka_win32)
  # Tests are POSIX programs as far as mingw-w64 makes them so; the library is not.
  set(HAWSER_TEST_LIBRARIES -static pthread ${HAWSER_SYSTEM_LIBRARIES})
  set(HAWSER_TEST_SYSTEM win32)
  set(HAWSER_TEST_SLOWNESS 1)
  if(CMAKE_CROSSCOMPILING)
    set(HAWSER_DRIVE "Z:") # where Wine shows it
    set(HAWSER_TEST_SLOWNESS 10) # every call of the system is a message to another process there
  endif()
  # Scripts look at the tree, which is the same everywhere, or are programs of the machine that builds; those of the
  # tool run it wherever it is, and its README speaks of Linux. There is no libffi for mingw-w64 in Debian.
  set(HAWSER_FOREIGN_TESTS "/tests/(install|layering|model)/|/bench/test_(bench|runner)|/interop/test_(chaos|hashicorp|js|libp2p|rust|tap)|/tests/(abi|mux)/.*\\.py$|\\.sh$|/tools/test_readme|_(posix|epoll|linux|unix)(\\.|_)|/test_unix_|/test_socket_|/test_libffi|/core/test_names|/faults/test_descriptors|/transports/test_(conformance_unix|conformance_tcp_[46]|kit_faults|tcp_(address|dial|listen))")
  if(CMAKE_CROSSCOMPILING) # Wine tells these resets as ends
    string(APPEND HAWSER_FOREIGN_TESTS "|/tools/test_resets")
  endif()
else()
  find_library(CMOCKA_LIBRARY cmocka REQUIRED)
  set(HAWSER_TEST_LIBRARIES Threads::Threads ${CMAKE_DL_LIBS})
  set(HAWSER_TEST_SYSTEM posix)
  set(HAWSER_DRIVE "")
  set(HAWSER_TEST_SLOWNESS 1)
  set(HAWSER_FOREIGN_TESTS "_(win32|iocp|afd)\\.")
endif()

set(HAWSER_TEST_PLUGINS "")
foreach(plugin plugin_memory plugin_unix_epoll plugin_tcp_epoll plugin_tcp_iocp plugin_npipe_iocp)
  if(TARGET ${plugin})
    list(APPEND HAWSER_TEST_PLUGINS ${plugin})
  endif()
endforeach()
