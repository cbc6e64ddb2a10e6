# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` puts where. Everything finds everything else relative to itself, so that a prefix can be moved.
if(NOT TARGET hawser)
  return()
endif()
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/hawser")
file(RELATIVE_PATH HAWSER_PKGCONFIG_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")

install(FILES abi/hawser.h abi/hawser_decl.h plugins/hawser_plugin.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS hawser EXPORT hawser LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
if(TARGET hawser_tool)
  install(TARGETS hawser_tool DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

install(EXPORT hawser NAMESPACE hawser:: FILE hawserTargets.cmake DESTINATION "${package_dir}")
configure_package_config_file(cmake/hawserConfig.cmake.in "${PROJECT_BINARY_DIR}/hawserConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS HAWSER_PLUGIN_INSTALL_DIR NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/hawserConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/hawserConfig.cmake" "${PROJECT_BINARY_DIR}/hawserConfigVersion.cmake"
  DESTINATION "${package_dir}")

configure_file(cmake/hawser.pc.in "${PROJECT_BINARY_DIR}/hawser.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/hawser.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

foreach(document README.md CHANGELOG.md LICENSE)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${document}")
    install(FILES ${document} DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  endif()
endforeach()
if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/docs")
  install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}" FILES_MATCHING PATTERN "*.md")
endif()
