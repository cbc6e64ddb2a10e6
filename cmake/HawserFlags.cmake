# SPDX-License-Identifier: Apache-2.0
#
# How every file of the project is compiled and linked, for each of the presets.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)

add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Werror)

# A shared object names everything it needs. Clang leaves the sanitizers' own symbols to the program, so not there.
set(HAWSER_NO_UNDEFINED -Wl,-z,defs)

if(WIN32)
  set(HAWSER_NO_UNDEFINED "") # no DLL can be otherwise
  # Windows 10 and later; printf as the standard has it, also where its arguments are checked.
  add_compile_definitions(_WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN __USE_MINGW_ANSI_STDIO=1 HAWSER_PRINTF=gnu_printf)
  add_link_options(-static-libgcc)
else()
  add_compile_definitions(HAWSER_PRINTF=printf)
endif()

if(HAWSER_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(HAWSER_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread)
elseif(HAWSER_SANITIZE STREQUAL "fuzzer")
  set(sanitizers -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
elseif(NOT HAWSER_SANITIZE STREQUAL "")
  message(FATAL_ERROR "HAWSER_SANITIZE is '${HAWSER_SANITIZE}', not address, thread or fuzzer")
endif()

if(HAWSER_SANITIZE)
  add_compile_options(${sanitizers} -fno-omit-frame-pointer -O1)
  add_link_options(${sanitizers})
  if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    set(HAWSER_NO_UNDEFINED "")
  endif()
endif()
