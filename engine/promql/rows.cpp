#include "engine/promql/rows.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace gyre::engine::promql {
namespace {

Status sameLabels() { return executionError("vector cannot contain metrics with the same labelset"); }

}  // namespace

Status executionError(std::string message) { return {Code::kUnprocessable, "execution", std::move(message)}; }

Status tooManySamples() {
  return executionError("query processing would load too many samples into memory: more than max_samples allows");
}

std::size_t countCells(const Rows& rows) {
  std::size_t cells = 0;
  for (const Row& row : rows) cells += row.values.size();
  return cells;
}

std::optional<Row> makeRow(series::Labels labels, std::span<const double> column) {
  std::size_t begin = 0;
  std::size_t end = column.size();
  while (begin < end && isNoValue(column[begin])) ++begin;
  while (end > begin && isNoValue(column[end - 1])) --end;
  if (begin == end) return std::nullopt;
  Row row;
  row.labels = std::move(labels);
  row.first = static_cast<std::uint32_t>(begin);
  row.values.assign(column.begin() + static_cast<std::ptrdiff_t>(begin),
                    column.begin() + static_cast<std::ptrdiff_t>(end));
  return row;
}

bool trim(Row& row) {
  std::size_t begin = 0;
  while (!row.values.empty() && isNoValue(row.values.back())) row.values.pop_back();
  while (begin < row.values.size() && isNoValue(row.values[begin])) ++begin;
  row.values.erase(row.values.begin(), row.values.begin() + static_cast<std::ptrdiff_t>(begin));
  row.first += static_cast<std::uint32_t>(begin);
  return !row.values.empty();
}

Status mergeEqual(Rows& rows) {
  if (rows.size() < 2) return {};
  std::unordered_map<std::string, std::size_t> seen;
  seen.reserve(rows.size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto [found, is_new] = seen.try_emplace(labelsKey(rows[i].labels), kept);
    if (is_new) {
      if (kept != i) rows[kept] = std::move(rows[i]);
      ++kept;
      continue;
    }
    Row& into = rows[found->second];
    const Row& from = rows[i];
    if (from.values.empty()) continue;
    if (into.values.empty()) into.first = from.first;
    if (from.first < into.first) {
      into.values.insert(into.values.begin(), into.first - from.first, noValue());
      into.first = from.first;
    }
    if (from.end() > into.end()) into.values.resize(from.end() - into.first, noValue());
    for (std::size_t k = 0; k < from.values.size(); ++k) {
      if (isNoValue(from.values[k])) continue;
      double& target = into.values[from.first - into.first + k];
      if (!isNoValue(target)) return sameLabels();
      target = from.values[k];
    }
  }
  rows.resize(kept);
  return {};
}

Status refuseEqual(const Rows& rows) {
  if (rows.size() < 2) return {};
  std::unordered_map<std::string, std::size_t> seen;
  seen.reserve(rows.size());
  for (const Row& row : rows)
    if (!seen.try_emplace(labelsKey(row.labels), 0).second) return sameLabels();
  return {};
}

void dropLabel(series::Labels& labels, std::string_view name) {
  const auto found =
      std::find_if(labels.begin(), labels.end(), [&](const series::Label& label) { return label.name == name; });
  if (found != labels.end()) labels.erase(found);
}

void dropName(Rows& rows) {
  for (Row& row : rows) dropLabel(row.labels, series::kMetricName);
}

void setLabel(series::Labels& labels, std::string_view name, std::string_view value) {
  if (value.empty()) return dropLabel(labels, name);
  const auto at = std::lower_bound(labels.begin(), labels.end(), name,
                                   [](const series::Label& label, std::string_view n) { return label.name < n; });
  if (at != labels.end() && at->name == name) {
    at->value.assign(value);
  } else {
    labels.insert(at, series::Label{std::string(name), std::string(value)});
  }
}

series::Labels keepLabels(const series::Labels& labels, const std::vector<std::string>& names) {
  series::Labels kept;
  for (const series::Label& label : labels)
    if (std::binary_search(names.begin(), names.end(), label.name)) kept.push_back(label);
  return kept;
}

series::Labels withoutLabels(const series::Labels& labels, const std::vector<std::string>& names) {
  series::Labels kept;
  for (const series::Label& label : labels)
    if (label.name != series::kMetricName && !std::binary_search(names.begin(), names.end(), label.name))
      kept.push_back(label);
  return kept;
}

std::string labelsKey(const series::Labels& labels) {
  std::string key;
  for (const series::Label& label : labels) {
    for (const std::string* part : {&label.name, &label.value}) {
      key.append(std::to_string(part->size())).append(1, ':').append(*part);
    }
  }
  return key;
}

std::string labelsText(const series::Labels& labels) {
  std::string text(series::labelValue(labels, series::kMetricName));
  text.append(1, '{');
  bool is_first = true;
  for (const series::Label& label : labels) {
    if (label.name == series::kMetricName) continue;
    if (!is_first) text.append(", ");
    is_first = false;
    text.append(label.name).append("=\"").append(label.value).append(1, '"');
  }
  text.append(1, '}');
  return text;
}

bool isLabelName(std::string_view name) {
  const auto is_alpha = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty() || !is_alpha(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return is_alpha(c) || (c >= '0' && c <= '9'); });
}

}  // namespace gyre::engine::promql
