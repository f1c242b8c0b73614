// In which order do buckets come?
//
// THREADS: values.
#pragma once

#include <string>
#include <vector>

#include "engine/aggs/aggregation.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

struct OrderKey {
  enum class Kind : std::uint8_t { kCount, kKey, kMetric };
  Kind kind = Kind::kCount;
  bool is_descending = true;
  std::string path;  // kMetric: "name" or "name.property"
};

// {"_count": "desc"} or an array of those; metrics must be among `subs`.
Result<std::vector<OrderKey>> parseOrder(json::Value value, const Aggregations& subs);

// Below 0 when a comes before b by a metric's values: those without one (NaN) come last both ways.
int compareMetric(double a, double b, bool is_descending);

}  // namespace gyre::engine
