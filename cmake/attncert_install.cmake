# Install and export: find_package(attncert) gives attncert::certificate, attncert::prover, ...
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY ATTNCERT_MODULES)
install(TARGETS ${modules} EXPORT attncert_targets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/attncert")
install(EXPORT attncert_targets NAMESPACE attncert:: DESTINATION "${package_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/attncertConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/attncertConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/attncertConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/attncertConfig.cmake"
              "${PROJECT_BINARY_DIR}/attncertConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/attncert_dependencies.cmake"
        DESTINATION "${package_dir}")
