#include "server/http/field_syntax.hpp"

#include <algorithm>
#include <array>

namespace gyre::http {

namespace {

constexpr std::array<bool, 256> kTokenBytes = [] {
  std::array<bool, 256> table{};
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool isBlank(char c) { return c == ' ' || c == '\t'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

bool isToken(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kTokenBytes[static_cast<unsigned char>(c)]; });
}

bool isFieldText(std::string_view text) {
  // No early exit: lines are short and almost always clean, and this form is vectorised.
  bool is_clean = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    is_clean &= (byte >= 0x20 && byte != 0x7F) || byte == '\t';
  }
  return is_clean;
}

std::string_view trimBlanks(std::string_view text) {
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  return text;
}

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool nextListElement(std::string_view& list, std::string_view& element) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    element = trimBlanks(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!element.empty()) return true;
  }
  return false;
}

std::string_view splitField(std::string_view line, std::string_view& name, std::string_view& value) {
  if (isBlank(line.front())) return "expected a field name, found a folded line";
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "expected a field \"name: value\", found no colon";
  name = line.substr(0, colon);
  if (name.empty()) return "expected a field name before the colon, found none";
  if (!isToken(name)) return "expected a field name directly before the colon, found other characters";
  value = trimBlanks(line.substr(colon + 1));
  return {};
}

}  // namespace gyre::http
