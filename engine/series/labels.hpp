// What names a series?
//
// A set of labels: pairs of name and value, sorted by name, no name twice, no value empty (a label without a value is a
// label that is not there). The label "__name__" is the metric's name. Bytes compare as UTF-8 does, unsigned.
//
// THREADS: values.
#pragma once

#include <algorithm>
#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::engine::series {

inline constexpr std::string_view kMetricName = "__name__";

struct Label {
  std::string name;
  std::string value;
  auto operator<=>(const Label&) const = default;
};

using Labels = std::vector<Label>;

// The value of a label; "" when the series has no such label.
inline std::string_view labelValue(const Labels& labels, std::string_view name) {
  const auto found = std::lower_bound(labels.begin(), labels.end(), name,
                                      [](const Label& label, std::string_view n) { return label.name < n; });
  return found == labels.end() || found->name != name ? std::string_view() : std::string_view(found->value);
}

}  // namespace gyre::engine::series
