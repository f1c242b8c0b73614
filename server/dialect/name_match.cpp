#include "server/dialect/name_match.hpp"

#include <algorithm>

#include "engine/mapping/name_pattern.hpp"

namespace gyre::dialect {

bool matchesWildcard(std::string_view pattern, std::string_view text) {
  return engine::matchesPattern(pattern, text);
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
