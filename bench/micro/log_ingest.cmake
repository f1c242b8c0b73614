# Records of a stream into the engine, part by part: bench_log_ingest LINES MAPPING [DOCUMENTS A REFRESH].
add_executable(bench_log_ingest ${CMAKE_CURRENT_LIST_DIR}/log_ingest.cpp)
target_link_libraries(bench_log_ingest PRIVATE gyre_engine gyre_warnings)
