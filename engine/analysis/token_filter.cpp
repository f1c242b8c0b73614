#include "engine/analysis/token_filter.hpp"

#include <array>
#include <string>

#include "engine/analysis/lower_case_table.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

// Nothing to do for a token of lower-case ASCII, which most are: it is handed on as it stands.
bool isLowerAscii(std::string_view text) {
  bool is_changed = false;
  for (const char c : text) is_changed |= static_cast<unsigned char>(c) >= 0x80 || (c >= 'A' && c <= 'Z');
  return !is_changed;
}

// Two-byte characters by table: Latin, Greek, Cyrillic and the rest of what is below U+0800.
const std::array<std::uint32_t, 0x800>& lowerBelow800() {
  static const std::array<std::uint32_t, 0x800> table = [] {
    std::array<std::uint32_t, 0x800> lower{};
    for (std::uint32_t code = 0; code < lower.size(); ++code) lower[code] = toLower(code);
    return lower;
  }();
  return table;
}

// REQUIRES: room for 3 bytes for every 2 of the text: Ⱥ (two bytes) becomes ⱥ (three).
std::size_t writeLower(std::string_view text, char* out) {
  const auto& below_800 = lowerBelow800();
  std::size_t size = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    at += c.size;
    size += encodeUtf8(c.value < 0x800 ? below_800[c.value] : toLower(c.value), out + size);
  }
  return size;
}

}  // namespace

void LowerCaseFilter::apply(const Token& token, TokenSink& next) const {
  if (isLowerAscii(token.text)) return next.token(token);
  const std::size_t room = token.text.size() + token.text.size() / 2 + 4;
  char small[kMaxTokenLength * 4 + 4];  // a cut token fits: at most three bytes a unit, half as many again
  if (room <= sizeof small) return next.token({{small, writeLower(token.text, small)}, token.position});
  std::string large(room, '\0');
  const std::size_t size = writeLower(token.text, large.data());
  next.token({{large.data(), size}, token.position});
}

}  // namespace gyre::engine
