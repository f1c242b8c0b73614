// Which code point stands here, and which bytes make it?
//
// REQUIRES: valid UTF-8 (whatever came through json::Document is).
//
// THREADS: free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gyre::engine {

struct CodePoint {
  std::uint32_t value = 0;
  std::uint32_t size = 0;  // bytes, 1 to 4
};

// REQUIRES: at < text.size(). Never reads beyond the text, even if it ends within a character.
inline CodePoint decodeUtf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i])) : 0u;
  };
  const auto left = static_cast<std::uint32_t>(text.size() - at);
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xe0) return {(lead & 0x1f) << 6 | (byte(1) & 0x3f), left < 2 ? left : 2};
  if (lead < 0xf0) return {(lead & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f), left < 3 ? left : 3};
  return {(lead & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f), left < 4 ? left : 4};
}

// Writes one to four bytes and returns how many.
inline std::size_t encodeUtf8(std::uint32_t code, char* out) {
  const auto put = [&](std::size_t i, std::uint32_t value) { out[i] = static_cast<char>(value); };
  if (code < 0x80) {
    put(0, code);
    return 1;
  }
  if (code < 0x800) {
    put(0, 0xc0 | code >> 6);
    put(1, 0x80 | (code & 0x3f));
    return 2;
  }
  if (code < 0x10000) {
    put(0, 0xe0 | code >> 12);
    put(1, 0x80 | (code >> 6 & 0x3f));
    put(2, 0x80 | (code & 0x3f));
    return 3;
  }
  put(0, 0xf0 | code >> 18);
  put(1, 0x80 | (code >> 12 & 0x3f));
  put(2, 0x80 | (code >> 6 & 0x3f));
  put(3, 0x80 | (code & 0x3f));
  return 4;
}

// Length in UTF-16 units, in which the dialect counts its limits.
inline std::size_t utf16Length(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xc0) != 0x80 ? 1u : 0u;  // one a character
    units += byte >= 0xf0 ? 1u : 0u;           // a second one beyond U+FFFF
  }
  return units;
}

// The longest beginning of at most `limit` UTF-16 units that ends between characters.
inline std::string_view utf16Prefix(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    units += c.value >= 0x10000 ? 2 : 1;
    if (units > limit) return text.substr(0, at);
    at += c.size;
  }
  return text;
}

}  // namespace gyre::engine
