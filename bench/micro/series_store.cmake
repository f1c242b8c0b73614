# What a sample costs the series store: bench_series_store FOLDER [STEPS] [NAB_CSV…].
add_executable(bench_series_store ${CMAKE_CURRENT_LIST_DIR}/series_store.cpp)
target_link_libraries(bench_series_store PRIVATE gyre_engine gyre_warnings)
