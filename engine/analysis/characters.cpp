#include "engine/analysis/characters.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

namespace gyre::engine {

namespace {

// U+1D7CE begins the mathematical digits, five rows of ten one behind the other.
constexpr std::uint32_t kZeros[] = {
    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,   0xc66,   0xce6,
    0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,  0x1810,  0x1946,  0x19d0,
    0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,  0xa8d0,  0xa900,  0xa9d0,  0xa9f0,
    0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450,
    0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0,
    0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0};

// One bit a character: does the class match it?
std::vector<bool> charactersOf(const char* pattern) {
  const RE2 wanted(pattern);
  std::vector<bool> found(0x1fc00, false);
  std::string text;
  for (std::uint32_t code = 1; code < found.size(); ++code) {
    if (code >= 0xd800 && code < 0xe000) continue;
    text.clear();
    appendUtf8(code, text);
    found[code] = RE2::FullMatch(text, wanted);
  }
  return found;
}

}  // namespace

bool isPunctuation(std::uint32_t code) {
  static const std::vector<bool> punctuation = charactersOf("\\pP");
  return code < punctuation.size() && punctuation[code];
}

bool isSymbol(std::uint32_t code) {
  static const std::vector<bool> symbols = charactersOf("\\pS");
  return code < symbols.size() && symbols[code];
}

int digitValue(std::uint32_t code) {
  if (code < 0x80) return isAsciiDigit(code) ? static_cast<int>(code - '0') : -1;
  const auto after = std::upper_bound(std::begin(kZeros), std::end(kZeros), code);
  if (after == std::begin(kZeros)) return -1;
  const std::uint32_t value = code - *std::prev(after);
  return value < 10 ? static_cast<int>(value) : -1;
}

std::u32string toCharacters(std::string_view text) {
  std::u32string characters;
  characters.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    at += c.size;
    characters += static_cast<char32_t>(c.value);
  }
  return characters;
}

std::string toText(std::u32string_view characters) {
  std::string text;
  text.reserve(characters.size());
  for (const char32_t c : characters) appendUtf8(static_cast<std::uint32_t>(c), text);
  return text;
}

}  // namespace gyre::engine
