# -DGYRE_SANITIZE=address,undefined or thread: instruments everything we compile.
set(GYRE_SANITIZE "" CACHE STRING "comma-separated sanitizers for -fsanitize=")
if(GYRE_SANITIZE)
  # Between the checks GCC 12 loses sight of a variant's index, and takes what its other alternatives hold for read.
  add_compile_options(-fsanitize=${GYRE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
                      $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=${GYRE_SANITIZE})
endif()
