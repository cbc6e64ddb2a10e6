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
