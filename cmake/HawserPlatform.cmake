# SPDX-License-Identifier: Apache-2.0
#
# What differs between systems: which files are another's, what is linked, how symbols are exported, and where a library
# is when it runs.
#
#   HAWSER_FOREIGN            a regular expression: files, or their folders, that are named for another system
#   HAWSER_FOREIGN_FUZZERS    the same for fuzzers
#   HAWSER_SYSTEM_LIBRARIES   what the library and the tests need of the system
#   HAWSER_EXPORTS[_OPTION]   the file that says what the library exports, and how the linker is given it
#   HAWSER_BESIDE_LIBRARY     the folder of the shared library, in the build and in an installation
#   HAWSER_LIBRARY_FILE, HAWSER_PLUGIN_SUFFIX
if(WIN32)
  set(HAWSER_FOREIGN "_(posix|epoll|linux|sim)(\\.|/)")
  set(HAWSER_FOREIGN_FUZZERS "/fuzz_(unix_|tcp_address)")
  # No Threads::Threads: where there are POSIX threads it would find them, and the library is made of the system's own.
  set(HAWSER_SYSTEM_LIBRARIES ws2_32 advapi32 ntdll synchronization)
  set(HAWSER_EXPORTS "${PROJECT_SOURCE_DIR}/abi/exports_win32.def")
  set(HAWSER_EXPORTS_OPTION "${HAWSER_EXPORTS}")
  set(HAWSER_BESIDE_LIBRARY "bin")
  set(HAWSER_PLUGIN_INSTALL_DIR "${CMAKE_INSTALL_BINDIR}/hawser/plugins")
  set(HAWSER_LIBRARY_FILE "bin/hawser.dll")
  set(CMAKE_SHARED_LIBRARY_PREFIX "")
else()
  find_package(Threads REQUIRED)
  set(HAWSER_FOREIGN "_(win32|iocp|afd|sim)(\\.|/)")
  if(HAWSER_SIMULATED) # the system of core/*_sim.c, in a process of this one, which still finds and loads the plugins
    set(HAWSER_FOREIGN "_(win32|iocp|afd)(\\.|/)|core/[a-z_]*_(posix|epoll|linux)\\.|/lock_posix\\.")
  endif()
  set(HAWSER_FOREIGN_FUZZERS "_(win32|iocp|afd)\\.")
  set(HAWSER_SYSTEM_LIBRARIES Threads::Threads ${CMAKE_DL_LIBS})
  set(HAWSER_EXPORTS "${PROJECT_SOURCE_DIR}/abi/exports.map")
  # Never unloaded: plugins are not, and a thread may have been left behind in a call that the system does not finish.
  # (On Windows the library sees to that itself.)
  set(HAWSER_EXPORTS_OPTION "-Wl,--version-script=${HAWSER_EXPORTS}" -Wl,-z,nodelete)
  set(HAWSER_BESIDE_LIBRARY "lib")
  set(HAWSER_PLUGIN_INSTALL_DIR "${CMAKE_INSTALL_LIBDIR}/hawser/plugins")
  set(HAWSER_LIBRARY_FILE "lib/libhawser.so")
endif()
set(HAWSER_PLUGIN_SUFFIX "${CMAKE_SHARED_MODULE_SUFFIX}")
