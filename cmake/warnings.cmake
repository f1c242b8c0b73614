# The warnings every target of ours is built with; a warning is an error.
add_library(gyre_warnings INTERFACE)
target_compile_options(gyre_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                       -Wold-style-cast -Wcast-qual -Wundef -Werror)
