# cmake --install, and find_package(strata) from there.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(strata_package_dir ${CMAKE_INSTALL_DATADIR}/cmake/strata)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION include)
install(TARGETS strata EXPORT strataTargets)
install(EXPORT strataTargets NAMESPACE strata:: DESTINATION ${strata_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/strataConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/strataConfig.cmake ${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake
              ${PROJECT_BINARY_DIR}/strataConfigVersion.cmake DESTINATION ${strata_package_dir})
