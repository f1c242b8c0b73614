#include "server/dialect/name_match.hpp"

#include <algorithm>

namespace gyre::dialect {

bool matchesWildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matchesList(std::string_view list, std::string_view text) {
  if (list.empty()) return true;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    const std::string_view pattern = list.substr(from, comma - from);
    if (pattern == "_all" || matchesWildcard(pattern, text)) return true;
    from = comma + 1;
  }
  return false;
}

}  // namespace gyre::dialect
