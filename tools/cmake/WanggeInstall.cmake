# What other programs link: the read side up to lookup, with a CMake package (find_package(wangge CONFIG), targets
# wangge::snapshot and wangge::lookup) and pkg-config files; docs/library.md. Components: library, program.
include(CMakePackageConfigHelpers)

set(installed_rooms base geom crs registry snapshot address lookup)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/wangge")
foreach(room ${installed_rooms})
  install(TARGETS wangge_${room} EXPORT wanggeTargets COMPONENT library)
  install(DIRECTORY "${CMAKE_SOURCE_DIR}/include/wangge/${room}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/wangge" COMPONENT library)
endforeach()
install(EXPORT wanggeTargets NAMESPACE wangge:: DESTINATION "${package_folder}" COMPONENT library)
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/wanggeConfig.cmake.in" "${CMAKE_BINARY_DIR}/wanggeConfig.cmake"
                              INSTALL_DESTINATION "${package_folder}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/wanggeConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/wanggeConfig.cmake" "${CMAKE_BINARY_DIR}/wanggeConfigVersion.cmake"
        DESTINATION "${package_folder}" COMPONENT library)
foreach(name snapshot lookup)
  configure_file("${CMAKE_CURRENT_LIST_DIR}/wangge-${name}.pc.in" "${CMAKE_BINARY_DIR}/wangge-${name}.pc" @ONLY)
  install(FILES "${CMAKE_BINARY_DIR}/wangge-${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT library)
endforeach()

if(TARGET wangge)
  install(TARGETS wangge COMPONENT program)
  install(TARGETS wangge_reader DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/wangge" COMPONENT program)
endif()
