# Flags of the project's own sources; never passed on to users of the libraries.
add_library(attncert_flags INTERFACE)
target_compile_features(attncert_flags INTERFACE cxx_std_20)
target_compile_options(attncert_flags INTERFACE
  -frounding-math -ffp-contract=off -fno-fast-math
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of GCC 12's optimiser inside Boost's numbers and std::string.
  target_compile_options(attncert_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow
    -Wno-array-bounds -Wno-stringop-overread)
endif()
if(ATTNCERT_WERROR)
  target_compile_options(attncert_flags INTERFACE -Werror)
endif()

# The large third-party headers, compiled once: built with the first target, reused by all others.
function(attncert_share_precompiled target)
  get_property(owner GLOBAL PROPERTY ATTNCERT_PRECOMPILED_OWNER)
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${target} PRIVATE
      <boost/multiprecision/mpfr.hpp> <boost/multiprecision/gmp.hpp> <nlohmann/json.hpp>)
    set_property(GLOBAL PROPERTY ATTNCERT_PRECOMPILED_OWNER ${target})
  endif()
endfunction()

# attncert_add_module(NAME [TRUSTED] DEPENDS module... LINK target...)
#
# A static library attncert::NAME from lib/NAME/**.cpp with its headers include/attncert/NAME/*.hpp.
# TRUSTED modules may depend on trusted modules only: checked here, and by tests/structure.
function(attncert_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "TRUSTED" "" "DEPENDS;LINK")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/attncert/${name}/*.hpp")
  set(target "attncert_${name}")
  add_library(${target} STATIC ${sources})
  add_library(attncert::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} ATTNCERT_TRUSTED "${arg_TRUSTED}")
  target_sources(${target} PUBLIC FILE_SET HEADERS
                 BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${headers})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:attncert_flags> PUBLIC ${arg_LINK})
  foreach(dependency IN LISTS arg_DEPENDS)
    get_target_property(trusted attncert_${dependency} ATTNCERT_TRUSTED)
    if(arg_TRUSTED AND NOT trusted)
      message(FATAL_ERROR "trusted module ${name} must not depend on untrusted ${dependency}")
    endif()
    target_link_libraries(${target} PUBLIC attncert::${dependency})
  endforeach()
  attncert_share_precompiled(${target})
  set_property(GLOBAL APPEND PROPERTY ATTNCERT_MODULES ${target})
  if(arg_TRUSTED)
    set_property(GLOBAL APPEND PROPERTY ATTNCERT_TRUSTED_MODULES ${name})
  endif()
endfunction()

# attncert_add_program(NAME SOURCE DEPENDS module...)
function(attncert_add_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE attncert_flags CLI11::CLI11)
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(${name} PRIVATE attncert::${dependency})
  endforeach()
  attncert_share_precompiled(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endfunction()
