# The durable command's cost: bench_group_commit [FOLDER] [SECONDS].
add_executable(bench_group_commit ${CMAKE_CURRENT_LIST_DIR}/group_commit.cpp)
target_link_libraries(bench_group_commit PRIVATE gyre_store gyre_warnings)
