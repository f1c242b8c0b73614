# Writes OUTPUT, a header that holds the bytes of INPUT. A raw string literal may be at most 64 KiB for some compilers, so
# the text is cut into pieces that the compiler joins.
file(READ ${INPUT} text)
string(LENGTH "${text}" length)
set(pieces "")
set(position 0)
while(position LESS length)
  string(SUBSTRING "${text}" ${position} 8000 piece)
  string(APPEND pieces "R\"gyre_embed(${piece})gyre_embed\"\n")
  math(EXPR position "${position} + 8000")
endwhile()
file(WRITE ${OUTPUT} "// Generated from ${INPUT}; do not edit.\n#pragma once\n#include <string_view>\ninline constexpr std::string_view ${VARIABLE} =\n${pieces};\n")
