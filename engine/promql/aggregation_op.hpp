// Which aggregations of series are there?
//
// THREADS: values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace gyre::engine::promql {

enum class AggregationOp : std::uint8_t {
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopK,
  kBottomK,
  kQuantile,
  kCountValues,
};

inline constexpr std::array<std::pair<std::string_view, AggregationOp>, 12> kAggregations = {{
    {"sum", AggregationOp::kSum},
    {"avg", AggregationOp::kAvg},
    {"count", AggregationOp::kCount},
    {"min", AggregationOp::kMin},
    {"max", AggregationOp::kMax},
    {"group", AggregationOp::kGroup},
    {"stddev", AggregationOp::kStddev},
    {"stdvar", AggregationOp::kStdvar},
    {"topk", AggregationOp::kTopK},
    {"bottomk", AggregationOp::kBottomK},
    {"quantile", AggregationOp::kQuantile},
    {"count_values", AggregationOp::kCountValues},
}};

// `name` in lower case.
constexpr std::optional<AggregationOp> aggregationOf(std::string_view name) {
  for (const auto& [known, op] : kAggregations)
    if (known == name) return op;
  return std::nullopt;
}

// topk(5, …): a parameter stands before the vector.
constexpr bool hasParameter(AggregationOp op) {
  return op == AggregationOp::kTopK || op == AggregationOp::kBottomK || op == AggregationOp::kQuantile ||
         op == AggregationOp::kCountValues;
}

}  // namespace gyre::engine::promql
