# gyre_add_plugin(name sources…): a domain plugin. It sees no include path but the SDK's, hides every symbol but the entry
# point, and fails to link (not to load) when a symbol is missing.
function(gyre_add_plugin name)
  add_library(gyre_plugin_${name} MODULE ${ARGN})
  set_target_properties(gyre_plugin_${name} PROPERTIES
    OUTPUT_NAME ${name} PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${GYRE_PLUGIN_DIRECTORY}
    CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(gyre_plugin_${name} PRIVATE gyre_sdk gyre_warnings)
  target_link_options(gyre_plugin_${name} PRIVATE
    -Wl,-z,now -Wl,--exclude-libs,ALL -Wl,--version-script=${CMAKE_SOURCE_DIR}/sdk/cmake/plugin.map)
  if(NOT GYRE_SANITIZE)
    target_link_options(gyre_plugin_${name} PRIVATE -Wl,-z,defs)  # sanitizer runtimes are resolved by the program
  endif()
endfunction()
