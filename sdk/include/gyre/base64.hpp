// How do bytes travel in a URL? RFC 4648 base64url without padding, for cursors and other opaque tokens.
//
// THREADS: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gyre {

namespace detail {
inline constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}  // namespace detail

inline std::string encodeBase64Url(std::string_view bytes) {
  std::string text;
  std::uint32_t pending = 0;
  int bits = 0;
  for (const char byte : bytes) {
    pending = (pending << 8 | static_cast<unsigned char>(byte)) & 0xffff;
    for (bits += 8; bits >= 6; bits -= 6) text += detail::kBase64Url[pending >> (bits - 6) & 63];
  }
  if (bits > 0) text += detail::kBase64Url[pending << (6 - bits) & 63];
  return text;
}

// Nothing for any text that encodeBase64Url would not have written.
inline std::optional<std::string> decodeBase64Url(std::string_view text) {
  std::string bytes;
  std::uint32_t pending = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t digit = detail::kBase64Url.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    pending = (pending << 6 | static_cast<std::uint32_t>(digit)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(pending >> bits & 0xff);
  }
  const bool is_clean = text.size() % 4 != 1 && (pending & ((1u << bits) - 1)) == 0;
  return is_clean ? std::optional<std::string>(std::move(bytes)) : std::nullopt;
}

}  // namespace gyre
