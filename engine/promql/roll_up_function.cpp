#include "engine/promql/roll_up_function.hpp"

#include <cmath>

#include "engine/promql/compensated_sum.hpp"

namespace gyre::engine::promql {
namespace {

using series::RollUp;
using series::RollUps;

// What the buckets of one window come to.
struct Total {
  std::uint64_t count = 0;
  CompensatedSum sum;
  double min = 0;
  double max = 0;
  double last = 0;

  void add(std::uint64_t samples, double their_sum, double least, double most, double newest) {
    if (samples == 0) return;
    if (count == 0 || least < min || std::isnan(min)) min = least;
    if (count == 0 || most > max || std::isnan(max)) max = most;
    count += samples;
    sum.add(their_sum);
    last = newest;
  }

  double value(FunctionId function) const {
    if (count == 0) return noValue();
    const double total = std::isinf(sum.sum) ? sum.sum : sum.value();
    switch (function) {
      case FunctionId::kCountOverTime: return static_cast<double>(count);
      case FunctionId::kSumOverTime: return total;
      case FunctionId::kAvgOverTime: return total / static_cast<double>(count);
      case FunctionId::kMinOverTime: return min;
      case FunctionId::kMaxOverTime: return max;
      case FunctionId::kLastOverTime: return last;
      default: return 1;
    }
  }
};

}  // namespace

bool answersFromRollUps(FunctionId function) {
  switch (function) {
    case FunctionId::kCountOverTime:
    case FunctionId::kSumOverTime:
    case FunctionId::kAvgOverTime:
    case FunctionId::kMinOverTime:
    case FunctionId::kMaxOverTime:
    case FunctionId::kLastOverTime:
    case FunctionId::kPresentOverTime:
    case FunctionId::kAbsentOverTime: return true;
    default: return false;
  }
}

void evaluateRollUps(FunctionId function, const Windows& windows, const RollUps& buckets, std::span<double> column) {
  std::size_t begin = 0;
  std::size_t end = 0;
  for (std::uint32_t step = 0; step < windows.grid.count; ++step) {
    const std::int64_t to = windows.reference(step);
    const std::int64_t from = to - windows.range_ms;
    while (end < buckets.size() && buckets[end].end_ms <= to) ++end;
    while (begin < end && buckets[begin].end_ms <= from) ++begin;
    Total total;
    // The window's own first millisecond is the last one of the bucket before it.
    if (begin > 0)
      if (const RollUp& before = buckets[begin - 1];
          before.end_ms == from && before.last_ms == from && before.count > 0)
        total.add(1, before.last, before.last, before.last, before.last);
    for (std::size_t i = begin; i < end; ++i)
      total.add(buckets[i].count, buckets[i].sum, buckets[i].min, buckets[i].max, buckets[i].last);
    column[step] = total.value(function);
  }
}

void selectRollUps(const Windows& windows, std::int64_t lookback_ms, bool wants_times, const RollUps& buckets,
                   std::span<double> column) {
  std::size_t end = 0;
  for (std::uint32_t step = 0; step < windows.grid.count; ++step) {
    const std::int64_t reference = windows.reference(step);
    while (end < buckets.size() && buckets[end].end_ms <= reference) ++end;
    column[step] = noValue();
    if (end == 0) continue;
    const RollUp& newest = buckets[end - 1];
    if (newest.is_stale || newest.count == 0 || newest.last_ms < reference - lookback_ms) continue;
    column[step] = wants_times ? static_cast<double>(newest.last_ms) / 1000 : newest.last;
  }
}

}  // namespace gyre::engine::promql
