# One interface target with every compiler setting, and the third-party packages as targets.
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(Threads REQUIRED)
find_package(GDAL REQUIRED)
find_path(TOMLPLUSPLUS_HEADERS toml++/toml.h REQUIRED) # headers only: nothing of it is linked
pkg_check_modules(GEOS REQUIRED IMPORTED_TARGET geos)
pkg_check_modules(PROJ REQUIRED IMPORTED_TARGET proj)
pkg_check_modules(SPATIALITE REQUIRED IMPORTED_TARGET spatialite)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-i18n icu-uc)
pkg_check_modules(OPENCC REQUIRED IMPORTED_TARGET opencc)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
find_package(ZLIB REQUIRED)
pkg_check_modules(XLSXWRITER REQUIRED IMPORTED_TARGET xlsxwriter)

add_library(wangge_options INTERFACE)
target_compile_features(wangge_options INTERFACE cxx_std_20)
target_compile_options(wangge_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wnull-dereference -Wformat=2 -Werror)
# GCC 12 reports dangling and null-dereference paths inside its own libstdc++ when optimising.
target_compile_options(wangge_options INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=null-dereference -Wno-error=stringop-overflow -Wno-error=array-bounds
                           -Wno-error=restrict -Wno-error=maybe-uninitialized>)
target_include_directories(wangge_options INTERFACE "${CMAKE_SOURCE_DIR}/include")

set(WANGGE_SANITIZE "" CACHE STRING "Sanitizers for every target, as for -fsanitize=")
if(WANGGE_SANITIZE)
  add_compile_options(-fsanitize=${WANGGE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WANGGE_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
