# wangge_room(NAME [SOURCES file...] [LINKS room...] [PRIVATE library...])
#   One static library `wangge_NAME` for the room in the current folder. SOURCES default to every .cpp in it.
#   LINKS are lower rooms (public, because headers include theirs); PRIVATE is what only this room needs.
#   Other programs see it as wangge::NAME, when it is installed (WanggeInstall).
function(wangge_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  endif()
  add_library(wangge_${name} STATIC ${ARG_SOURCES})
  target_include_directories(wangge_${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_include_directories(wangge_${name} INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_compile_features(wangge_${name} PUBLIC cxx_std_20)
  target_link_libraries(wangge_${name} PUBLIC "$<BUILD_INTERFACE:wangge_options>")
  foreach(room ${ARG_LINKS})
    target_link_libraries(wangge_${name} PUBLIC wangge_${room})
  endforeach()
  foreach(library ${ARG_PRIVATE})
    if(library MATCHES "^(nlohmann_json|Boost)::") # headers only: nothing of them is left to link
      set(library "$<BUILD_INTERFACE:${library}>")
    endif()
    target_link_libraries(wangge_${name} PRIVATE ${library})
  endforeach()
  set_target_properties(wangge_${name} PROPERTIES EXPORT_NAME ${name})
  add_library(wangge::${name} ALIAS wangge_${name})
endfunction()

# wangge_test(NAME [SOURCES file...] [LINKS room...] [PRIVATE library...] [LABELS label...])
#   Boost.Test program `test_NAME` from every .cpp in the current folder, run by ctest from the source root.
#   A program that runs no test case fails.
function(wangge_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE;LABELS" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  endif()
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE wangge_options wangge_test_support ${ARG_PRIVATE})
  target_compile_options(test_${name} PRIVATE -Wno-unused-result) # expressions that must throw
  foreach(room ${ARG_LINKS})
    target_link_libraries(test_${name} PRIVATE wangge_${room})
  endforeach()
  if("importers" IN_LIST ARG_LINKS) # files from outside are opened by a program of its own
    target_sources(test_${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests/support/reader_program.cpp")
    target_compile_definitions(test_${name} PRIVATE WANGGE_READER="$<TARGET_FILE:wangge_reader>")
    add_dependencies(test_${name} wangge_reader)
  endif()
  add_test(NAME ${name} COMMAND test_${name} --report_level=short --catch_system_errors=no
           WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" FAIL_REGULAR_EXPRESSION "no test cases")
endfunction()
