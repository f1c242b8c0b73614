#include "number_key.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace gyre::invoices {

namespace {

struct Range {
  std::uint32_t first, last;
};

// Neither letters nor digits (general categories L and N of Unicode 15), in order; blocks that a number may have.
constexpr Range kSeparators[] = {
    {0x80, 0xa9},     {0xab, 0xb1},     {0xb4, 0xb4},     {0xb6, 0xb8},     {0xbb, 0xbb},     {0xbf, 0xbf},
    {0xd7, 0xd7},     {0xf7, 0xf7},     {0x2c2, 0x2c5},   {0x2d2, 0x2df},   {0x2000, 0x206f}, {0x207a, 0x207e},
    {0x208a, 0x208e}, {0x20a0, 0x20cf}, {0x2116, 0x2118}, {0x2190, 0x245f}, {0x2500, 0x2775}, {0x2794, 0x2bff},
    {0x2e00, 0x2e2e}, {0x2e30, 0x2e7f}, {0x3000, 0x3004}, {0x3008, 0x3020}, {0x3030, 0x3030}, {0x30a0, 0x30a0},
    {0x30fb, 0x30fb}, {0xfe10, 0xfe6f}, {0xfeff, 0xfeff}, {0xff01, 0xff0f}, {0xff1a, 0xff20}, {0xff3b, 0xff40},
    {0xff5b, 0xff65}, {0xffe0, 0xffff}};

bool isSeparator(std::uint32_t code) {
  const auto* const range = std::lower_bound(std::begin(kSeparators), std::end(kSeparators), code,
                                             [](const Range& one, std::uint32_t at) { return one.last < at; });
  return range != std::end(kSeparators) && range->first <= code;
}

// Bytes of the character that begins with `lead`; 0 when none does.
std::size_t lengthOf(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc0) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
}

void appendAscii(char c, std::string& key) {
  if (c >= 'A' && c <= 'Z')
    key += static_cast<char>(c - 'A' + 'a');
  else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
    key += c;
}

}  // namespace

std::string numberKey(std::string_view text) {
  std::string key;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lengthOf(lead);
    if (length <= 1 || at + length > text.size()) {
      if (length == 1) appendAscii(text[at], key);
      ++at;
      continue;
    }
    std::uint32_t code = lead & (0x7fU >> length);
    bool is_whole = true;
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      is_whole = is_whole && (next & 0xc0U) == 0x80U;
      code = code << 6 | (next & 0x3fU);
    }
    if (!is_whole) {
      ++at;
      continue;
    }
    if (!isSeparator(code)) key.append(text.substr(at, length));
    at += length;
  }
  return key;
}

}  // namespace gyre::invoices
