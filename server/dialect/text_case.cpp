#include "server/dialect/text_case.hpp"

#include <cstdint>

namespace gyre::dialect {

namespace {

// A run of letters whose other case lies `distance` further; with `step` 2 the cases alternate.
struct Run {
  char32_t first, last;  // upper case
  std::int32_t distance;
  std::uint32_t step;
};
constexpr Run kRuns[] = {
    {'A', 'Z', 32, 1},      {0xC0, 0xD6, 32, 1},    {0xD8, 0xDE, 32, 1},   {0x100, 0x12E, 1, 2},
    {0x132, 0x136, 1, 2},   {0x139, 0x147, 1, 2},   {0x14A, 0x176, 1, 2},  {0x178, 0x178, -121, 1},
    {0x179, 0x17D, 1, 2},   {0x386, 0x386, 38, 1},  {0x388, 0x38A, 37, 1}, {0x38C, 0x38C, 64, 1},
    {0x38E, 0x38F, 63, 1},  {0x391, 0x3A1, 32, 1},  {0x3A3, 0x3AB, 32, 1}, {0x400, 0x40F, 80, 1},
    {0x410, 0x42F, 32, 1},  {0x460, 0x480, 1, 2},   {0x48A, 0x4BE, 1, 2},  {0x531, 0x556, 48, 1},
    {0x1E00, 0x1E94, 1, 2}, {0x1EA0, 0x1EFE, 1, 2},
};

char32_t toLower(char32_t c) {
  for (const Run& run : kRuns)
    if (c >= run.first && c <= run.last && (c - run.first) % run.step == 0)
      return static_cast<char32_t>(static_cast<std::int32_t>(c) + run.distance);
  return c;
}

char32_t toUpper(char32_t c) {
  for (const Run& run : kRuns) {
    const auto upper = static_cast<char32_t>(static_cast<std::int32_t>(c) - run.distance);
    if (upper >= run.first && upper <= run.last && (upper - run.first) % run.step == 0) return upper;
  }
  return c;
}

void append(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// REQUIRES: valid UTF-8, as everything that came through JSON is.
template <class Map>
std::string mapped(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = size == 1 ? lead : lead & (0xFFu >> (size + 1));
    for (std::size_t k = 1; k < size && i + k < text.size(); ++k)
      c = (c << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    i += size;
    append(out, map(c));
  }
  return out;
}

}  // namespace

std::string lowerCase(std::string_view text) { return mapped(text, toLower); }

// The sharp s has two letters for its upper case.
std::string upperCase(std::string_view text) {
  std::string upper = mapped(text, toUpper);
  for (std::size_t at = 0; (at = upper.find("\xC3\x9F", at)) != std::string::npos; at += 2) upper.replace(at, 2, "SS");
  return upper;
}

}  // namespace gyre::dialect
