#include "server/http/percent_encoding.hpp"

#include <cstdint>

namespace gyre::http {

namespace {

int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::uint8_t byteAt(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

// The size of the sequence that begins with `lead`, and the range its second byte must lie in (Unicode, table 3-7).
struct Sequence {
  std::size_t size = 0;
  std::uint8_t second_low = 0x80;
  std::uint8_t second_high = 0xBF;
};

Sequence sequenceOf(std::uint8_t lead) {
  if (lead < 0x80) return {1};
  if (lead >= 0xC2 && lead <= 0xDF) return {2};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

}  // namespace

Status appendDecoded(std::string& out, std::string_view text, Plus plus) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+' && plus == Plus::kIsSpace) {
      out.push_back(' ');
      continue;
    }
    if (c != '%') {
      out.push_back(c);
      continue;
    }
    const int high = i + 1 < text.size() ? hexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return invalidArgument("expected two hex digits after '%' at byte " + std::to_string(i) + ", found " +
                             quoteExcerpt(text.substr(i, 3)));
    if (high == 0 && low == 0) return invalidArgument("expected no NUL, found \"%00\" at byte " + std::to_string(i));
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return {};
}

bool isUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Sequence sequence = sequenceOf(byteAt(text, i));
    if (sequence.size == 0 || i + sequence.size > text.size()) return false;
    for (std::size_t k = 1; k < sequence.size; ++k) {
      const std::uint8_t next = byteAt(text, i + k);
      const std::uint8_t low = k == 1 ? sequence.second_low : 0x80;
      const std::uint8_t high = k == 1 ? sequence.second_high : 0xBF;
      if (next < low || next > high) return false;
    }
    i += sequence.size;
  }
  return true;
}

std::string quoteExcerpt(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string quoted = "\"";
  for (const char c : text.substr(0, kLongest)) quoted.push_back(c >= 0x20 && c < 0x7F && c != '"' ? c : '?');
  quoted += text.size() > kLongest ? "...\"" : "\"";
  return quoted;
}

}  // namespace gyre::http
