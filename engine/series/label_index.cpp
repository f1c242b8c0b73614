#include "engine/series/label_index.hpp"

#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <string>

namespace gyre::engine::series {
namespace {

bool hasEveryValue(const Matcher& matcher) {
  return matcher.kind() == Matcher::Kind::kRegex && matcher.value() == ".*";
}

// The series with a value that the matcher takes (or, for `wanted` false, refuses). A series has one value of a label,
// so lists of different values share none.
std::vector<std::uint32_t> seriesByValue(const LabelIndex& index, const Matcher& matcher, bool wanted) {
  std::vector<std::uint32_t> found;
  std::size_t lists = 0;
  if (wanted && !matcher.literals().empty()) {
    for (const std::string& literal : matcher.literals())
      if (const auto entry = index.find(matcher.name(), literal)) {
        index.appendSeries(*entry, found);
        ++lists;
      }
  } else if (!wanted && matcher.kind() == Matcher::Kind::kNotEqual) {
    if (const auto entry = index.find(matcher.name(), matcher.value())) index.appendSeries(*entry, found);
  } else {
    index.visitValues(matcher.name(), [&](std::string_view value, std::uint32_t entry) {
      if (matcher.matches(value) != wanted) return;
      index.appendSeries(entry, found);
      ++lists;
    });
  }
  if (lists > 1) {
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());  // "a|a" names a list twice
  }
  return found;
}

// How soon a matcher should be asked: the ones that are looked up, then those that need all values.
int costOf(const Matcher& matcher) {
  if (!matcher.matchesAbsent() && !matcher.literals().empty()) return 0;
  return matcher.matchesAbsent() ? 2 : 1;
}

}  // namespace

std::uint64_t hashLabels(const LabelViews& labels) {
  thread_local std::string key;
  key.clear();
  for (const LabelView& label : labels) {
    key.append(label.name);
    key.append(1, '\0');
    key.append(label.value);
    key.append(1, '\0');
  }
  return XXH3_64bits(key.data(), key.size());
}

std::vector<std::uint32_t> selectSeries(const LabelIndex& index, const Matchers& matchers) {
  std::vector<const Matcher*> ordered;
  for (const Matcher& matcher : matchers)
    if (!hasEveryValue(matcher)) ordered.push_back(&matcher);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Matcher* left, const Matcher* right) { return costOf(*left) < costOf(*right); });
  std::vector<std::uint32_t> found;
  bool is_all = true;
  const auto makeAll = [&] {
    found.resize(index.seriesCount());
    for (std::uint32_t i = 0; i < found.size(); ++i) found[i] = i;
    is_all = false;
  };
  std::vector<std::uint32_t> result;
  LabelViews labels;
  for (const Matcher* const matcher : ordered) {
    if (!is_all && found.empty()) break;
    // Few series left and many values: their own values are looked at.
    if (!is_all && costOf(*matcher) > 0 && found.size() < index.valueCount(matcher->name())) {
      std::erase_if(found, [&](std::uint32_t series) {
        index.labelsOf(series, labels);
        const auto at = std::find_if(labels.begin(), labels.end(),
                                     [&](const LabelView& label) { return label.name == matcher->name(); });
        return !matcher->matches(at == labels.end() ? std::string_view() : at->value);
      });
      continue;
    }
    const bool is_exclusion = matcher->matchesAbsent();
    std::vector<std::uint32_t> listed = seriesByValue(index, *matcher, !is_exclusion);
    if (!is_exclusion && is_all) {
      found = std::move(listed);
      is_all = false;
      continue;
    }
    if (is_all) makeAll();
    result.clear();
    if (is_exclusion)
      std::set_difference(found.begin(), found.end(), listed.begin(), listed.end(), std::back_inserter(result));
    else
      std::set_intersection(found.begin(), found.end(), listed.begin(), listed.end(), std::back_inserter(result));
    found.swap(result);
  }
  if (is_all) makeAll();
  return found;
}

}  // namespace gyre::engine::series
