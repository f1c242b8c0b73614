# The invoices' own documents and requests on the engine: bench_invoices [INVOICES] [FOLDER].
add_executable(bench_invoices ${CMAKE_CURRENT_LIST_DIR}/invoices.cpp)
file(GLOB invoices_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/plugins/invoices/*.cpp)
target_sources(bench_invoices PRIVATE ${invoices_sources})
target_include_directories(bench_invoices PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(bench_invoices PRIVATE gyre_engine gyre_warnings)
gyre_embed(bench_invoices ${CMAKE_SOURCE_DIR}/plugins/invoices/mapping.json invoices_mapping.hpp kIndexDefinition)
gyre_embed(bench_invoices ${CMAKE_SOURCE_DIR}/plugins/invoices/options.json invoices_options.hpp kOptions)
