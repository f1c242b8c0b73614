// How much of a long text goes into a message?
//
// THREADS: a free function. OWNS: borrows the text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace gyre {

// The beginning of the text, at most so many bytes; a cut never parts a UTF-8 character.
inline std::string_view excerpt(std::string_view text, std::size_t bytes) {
  std::size_t end = std::min(text.size(), bytes);
  if (end < text.size())
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace gyre
