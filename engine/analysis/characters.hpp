// What kind of character is this?
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/analysis/utf8.hpp"
#include "engine/analysis/word_break_table.hpp"

namespace gyre::engine {

// As the dialect's platform sees white space: separators but for the no-break ones, and the control characters.
inline bool isSpace(std::uint32_t code) {
  if (code < 0x80) return code == ' ' || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
  if (code == 0x1680 || code == 0x2028 || code == 0x2029 || code == 0x205f || code == 0x3000) return true;
  return code >= 0x2000 && code <= 0x200a && code != 0x2007;
}

inline bool isAsciiDigit(std::uint32_t code) { return code - '0' < 10; }

// The value of a decimal digit of any script (general category Nd), -1 for other characters. The scripts' zeros stand
// in whole rows of ten.
int digitValue(std::uint32_t code);
inline bool isDigit(std::uint32_t code) { return digitValue(code) >= 0; }

// General categories P and S.
bool isPunctuation(std::uint32_t code);
bool isSymbol(std::uint32_t code);

// What `write(code, out)` appends for each character.
template <class Write>
std::string mapCharacters(std::string_view text, Write write) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    at += c.size;
    write(c.value, out);
  }
  return out;
}

inline void appendUtf8(std::uint32_t code, std::string& out) {
  char bytes[4];
  out.append(bytes, encodeUtf8(code, bytes));
}

// A text as its characters, for algorithms that look at them by index.
std::u32string toCharacters(std::string_view text);
std::string toText(std::u32string_view characters);

}  // namespace gyre::engine
