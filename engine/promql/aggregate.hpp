// What do many series come to, step by step?
//
// sum, avg, topk and the others with by and without. A series' group is found once, then its column is added to the
// group's.
//
// THREADS: functions without state.
#pragma once

#include <span>
#include <string_view>

#include "engine/promql/ast.hpp"
#include "engine/promql/rows.hpp"

namespace gyre::engine::promql {

struct AggregateParameter {
  std::span<const double> numbers;  // of topk, bottomk, quantile: a value a step
  std::string_view label;           // of count_values
  std::size_t max_cells = 0;        // values that the answer may hold, with the gaps between them
};

// With one step (an instant query) topk and bottomk answer best first; else rows keep their order. execution: a k that
// is no integer, an invalid label's name, an answer beyond max_cells.
Result<Rows> aggregate(const Aggregation& aggregation, Rows rows, const AggregateParameter& parameter,
                       std::uint32_t steps);

}  // namespace gyre::engine::promql
