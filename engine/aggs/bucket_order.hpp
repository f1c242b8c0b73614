// In which order do buckets come?
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/aggs/aggregation.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

struct OrderKey {
  enum class Kind : std::uint8_t { kCount, kKey, kMetric };
  Kind kind = Kind::kCount;
  bool is_descending = true;
  std::string path;  // kMetric: "name", "name.property", "bucket>name.property"
};

// {"_count": "desc"} or an array of those; metrics must be among `subs`.
Result<std::vector<OrderKey>> parseOrder(json::Value value, const Aggregations& subs);

// Below 0 when a comes before b by a metric's values: those without one (NaN) come last both ways.
int compareMetric(double a, double b, bool is_descending);

// Whether the bucket at place a comes before the one at b. `metrics` holds, for each key of kind kMetric in turn, the
// values by place; `counts(p)` and `isKeyBefore(p, q)` say the rest. Equal buckets come by ascending key.
template <class Counts, class IsKeyBefore>
bool isOrdered(const std::vector<OrderKey>& keys, const std::vector<std::vector<double>>& metrics, std::uint32_t a,
               std::uint32_t b, const Counts& counts, const IsKeyBefore& is_key_before) {
  std::size_t metric = 0;
  for (const OrderKey& key : keys) {
    switch (key.kind) {
      case OrderKey::Kind::kCount:
        if (counts(a) != counts(b)) return (counts(a) < counts(b)) != key.is_descending;
        break;
      case OrderKey::Kind::kKey:
        if (is_key_before(a, b)) return !key.is_descending;
        if (is_key_before(b, a)) return key.is_descending;
        break;
      case OrderKey::Kind::kMetric:
        if (const int order = compareMetric(metrics[metric][a], metrics[metric][b], key.is_descending); order != 0)
          return order < 0;
        ++metric;
    }
  }
  return is_key_before(a, b);
}

}  // namespace gyre::engine
