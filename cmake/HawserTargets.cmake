# SPDX-License-Identifier: Apache-2.0
#
# From folders to targets: the C files of a folder for this platform, and plugins.

# The C files of folders, less those that are named for another platform.
function(hawser_glob out)
  set(files "")
  foreach(folder IN LISTS ARGN)
    file(GLOB found CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/${folder}/*.c")
    list(APPEND files ${found})
  endforeach()
  list(FILTER files EXCLUDE REGEX "${HAWSER_FOREIGN}")
  list(TRANSFORM files PREPEND "${PROJECT_SOURCE_DIR}/")
  set(${out} "${files}" PARENT_SCOPE)
endfunction()

# hawser_plugin(NAME [INSTALL] [FOLDER folder [SHARED folder...] | SOURCES file...] [OUTPUT_DIR folder]
#               [DEFINITIONS name=value...] [LIBRARIES library-of-the-system...])
#
# A plugin: a module NAME.so (NAME.dll) that is linked to nothing of hawser, in hawser/plugins beside the library
# unless OUTPUT_DIR says otherwise. It is made of the files of its folder and of those that it shares. The target is plugin_NAME.
function(hawser_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INSTALL" "FOLDER;OUTPUT_DIR" "SHARED;SOURCES;DEFINITIONS;LIBRARIES")
  if(arg_FOLDER)
    hawser_glob(arg_SOURCES ${arg_FOLDER})
    hawser_glob(shared ${arg_SHARED})
  endif()
  if(NOT arg_SOURCES)
    return()
  endif()
  if(NOT arg_OUTPUT_DIR)
    set(arg_OUTPUT_DIR "${HAWSER_PLUGIN_OUTPUT_DIR}")
  endif()
  add_library(plugin_${name} MODULE ${arg_SOURCES} ${shared})
  target_include_directories(plugin_${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(plugin_${name} PRIVATE ${arg_DEFINITIONS})
  target_compile_options(plugin_${name} PRIVATE -fno-semantic-interposition)
  target_link_options(plugin_${name} PRIVATE ${HAWSER_NO_UNDEFINED})
  target_link_libraries(plugin_${name} PRIVATE ${arg_LIBRARIES})
  set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY "${arg_OUTPUT_DIR}")
  if(arg_INSTALL)
    install(TARGETS plugin_${name} DESTINATION "${HAWSER_PLUGIN_INSTALL_DIR}")
  endif()
endfunction()
