# -DGYRE_SANITIZE=address,undefined or thread: instruments everything we compile.
set(GYRE_SANITIZE "" CACHE STRING "comma-separated sanitizers for -fsanitize=")
if(GYRE_SANITIZE)
  add_compile_options(-fsanitize=${GYRE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GYRE_SANITIZE})
endif()
