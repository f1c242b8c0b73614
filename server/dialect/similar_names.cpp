#include "server/dialect/similar_names.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace gyre::dialect {

double likeness(std::string_view a, std::string_view b) {
  if (a.empty() && b.empty()) return 1;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return 1.0 - static_cast<double>(row[b.size()]) / static_cast<double>(std::max(a.size(), b.size()));
}

std::vector<std::string_view> similarNames(std::string_view name, const std::vector<std::string_view>& known,
                                           double least) {
  std::vector<std::pair<double, std::string_view>> near;
  for (const std::string_view each : known)
    if (const double score = likeness(name, each); score > least) near.emplace_back(score, each);
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string_view> names;
  for (const auto& [score, each] : near) names.push_back(each);
  return names;
}

std::string didYouMean(const std::vector<std::string_view>& names) {
  if (names.empty()) return {};
  std::string list;
  for (const std::string_view each : names) list += (list.empty() ? "" : ", ") + std::string(each);
  return "did you mean " + std::string(names.size() > 1 ? "any of " : "") + "[" + list + "]?";
}

}  // namespace gyre::dialect
