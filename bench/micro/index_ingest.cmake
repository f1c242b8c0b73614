# Documents into the engine, and single-document refreshes: bench_index_ingest [DOCUMENTS] [FOLDER].
add_executable(bench_index_ingest ${CMAKE_CURRENT_LIST_DIR}/index_ingest.cpp)
target_link_libraries(bench_index_ingest PRIVATE gyre_engine gyre_warnings)
