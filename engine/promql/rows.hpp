// How are the values of many series over many steps kept while a query is evaluated?
//
// As a row a series: the steps of its first to its last value in one column of doubles. A step without a value holds
// kNoValue; its bits are those of the stale marker, which no selector lets through and no arithmetic makes (it is a
// signalling NaN: every operation would quieten it).
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/series/labels.hpp"
#include "engine/series/sample.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::promql {

inline double noValue() { return series::staleMarker(); }
inline bool isNoValue(double value) { return series::isStale(value); }

// The times at which an expression is evaluated: start, start + step, …
struct Grid {
  std::int64_t start_ms = 0;
  std::int64_t step_ms = 1;
  std::uint32_t count = 1;
  std::int64_t time(std::uint32_t step) const { return start_ms + step * step_ms; }
  std::int64_t end() const { return time(count == 0 ? 0 : count - 1); }
};

struct Row {
  series::Labels labels;
  std::uint32_t first = 0;  // the step of values[0]
  std::vector<double> values;

  // kNoValue outside.
  double at(std::uint32_t step) const {
    return step < first || step - first >= values.size() ? noValue() : values[step - first];
  }
  std::uint32_t end() const { return first + static_cast<std::uint32_t>(values.size()); }
};

using Rows = std::vector<Row>;

std::size_t countCells(const Rows& rows);

// A row of a whole column, without the steps before its first and after its last value; nothing when it has none.
std::optional<Row> makeRow(series::Labels labels, std::span<const double> column);
// Cuts what steps without a value stand at a row's ends; false when none is left.
bool trim(Row& row);

// A failure of evaluation: unprocessable, reason execution.
Status executionError(std::string message);
// The query holds more values at once than it may.
Status tooManySamples();

// Rows whose labels have become equal become one, where the first of them stood. "execution" when two of them have a
// value at one step: no vector holds two elements of the same labels.
Status mergeEqual(Rows& rows);
// The same error as soon as two rows have equal labels, whatever their steps.
Status refuseEqual(const Rows& rows);

void dropLabel(series::Labels& labels, std::string_view name);
void dropName(Rows& rows);
// An empty value drops the label.
void setLabel(series::Labels& labels, std::string_view name, std::string_view value);
// Those of `names` (sorted), or all but those and __name__.
series::Labels keepLabels(const series::Labels& labels, const std::vector<std::string>& names);
series::Labels withoutLabels(const series::Labels& labels, const std::vector<std::string>& names);
// Equal exactly for equal labels.
std::string labelsKey(const series::Labels& labels);
// {a="b", c="d"} with the name in front, for messages.
std::string labelsText(const series::Labels& labels);
// [a-zA-Z_][a-zA-Z0-9_]*
bool isLabelName(std::string_view name);

}  // namespace gyre::engine::promql
