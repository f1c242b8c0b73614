#include "engine/analysis/lower_case.hpp"

#include <array>
#include <string>
#include <unordered_map>
#include <utility>

#include "engine/analysis/lower_case_table.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

// Two-byte characters by table: Latin, Greek, Cyrillic and the rest of what is below U+0800.
const std::array<std::uint32_t, 0x800>& lowerBelow800() {
  static const std::array<std::uint32_t, 0x800> table = [] {
    std::array<std::uint32_t, 0x800> lower{};
    for (std::uint32_t code = 0; code < lower.size(); ++code) lower[code] = toLower(code);
    return lower;
  }();
  return table;
}

// The way back from the lower case, where it leads to one character, and those that share another's upper case.
const std::unordered_map<std::uint32_t, std::uint32_t>& upperCases() {
  static const std::unordered_map<std::uint32_t, std::uint32_t> upper = [] {
    std::unordered_map<std::uint32_t, std::uint32_t> made = {
        {0xb5, 0x39c},  {0x131, 'I'},   {0x17f, 'S'},   {0x1c5, 0x1c4}, {0x1c8, 0x1c7},   {0x1cb, 0x1ca},
        {0x1f2, 0x1f1}, {0x3c2, 0x3a3}, {0x3d0, 0x392}, {0x3d1, 0x398}, {0x3d5, 0x3a6},   {0x3d6, 0x3a0},
        {0x3f0, 0x39a}, {0x3f1, 0x3a1}, {0x3f5, 0x395}, {0xdf, 0xdf},   {0x1e9b, 0x1e60}, {0x1fbe, 0x399},
    };
    for (std::size_t run = 0; run < detail::kLowerCaseRunCount; ++run) {
      const detail::LowerCaseRun& each = detail::kLowerCaseRuns[run];
      for (std::uint32_t code = each.first; code <= each.last; code += each.step) made.emplace(toLower(code), code);
    }
    return made;
  }();
  return upper;
}

}  // namespace

std::uint32_t toUpper(std::uint32_t code) {
  if (code < 0x80) return code - 'a' < 26 ? code - 32 : code;
  const auto found = upperCases().find(code);
  return found == upperCases().end() ? code : found->second;
}

bool isLowerAscii(std::string_view text) {
  bool is_changed = false;
  for (const char c : text) is_changed |= static_cast<unsigned char>(c) >= 0x80 || (c >= 'A' && c <= 'Z');
  return !is_changed;
}

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

void makeLower(std::string& text) {
  if (isLowerAscii(text)) return;
  std::string lower(lowerCaseRoom(text.size()), '\0');
  lower.resize(writeLower(text, lower.data()));
  text = std::move(lower);
}

void makeUpper(std::string& text) {
  std::string upper;
  char bytes[4];
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    at += c.size;
    upper.append(bytes, encodeUtf8(toUpper(c.value), bytes));
  }
  text = std::move(upper);
}

}  // namespace gyre::engine
