#include "engine/series/roll_up.hpp"

#include <algorithm>
#include <cmath>

namespace gyre::engine::series {
namespace {

// Neumaier's summation, with infinities let through as plain addition would.
class Sum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    if (std::isfinite(next))
      lost_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }
  double value() const { return std::isfinite(sum_) ? sum_ + lost_ : sum_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

}  // namespace

void rollUp(const SampleColumns& samples, std::int64_t resolution_ms, RollUps& into) {
  for (std::size_t i = 0; i < samples.size();) {
    RollUp bucket;
    bucket.end_ms = bucketEnd(samples.times[i], resolution_ms);
    Sum sum;
    for (; i < samples.size() && samples.times[i] <= bucket.end_ms; ++i) {
      const double value = samples.values[i];
      bucket.is_stale = isStale(value);
      if (bucket.is_stale) continue;
      const bool is_first = bucket.count++ == 0;
      sum.add(value);
      if (is_first || value < bucket.min || std::isnan(bucket.min)) bucket.min = value;
      if (is_first || value > bucket.max || std::isnan(bucket.max)) bucket.max = value;
      bucket.last = value;
      bucket.last_ms = samples.times[i];
    }
    bucket.sum = sum.value();
    if (bucket.count == 0) bucket.last_ms = bucket.end_ms;
    into.push_back(bucket);
  }
}

void joinRollUps(RollUps& roll_ups) {
  const bool is_ordered =
      std::adjacent_find(roll_ups.begin(), roll_ups.end(), [](const RollUp& left, const RollUp& right) {
        return left.end_ms >= right.end_ms;
      }) == roll_ups.end();
  if (is_ordered) return;
  std::stable_sort(roll_ups.begin(), roll_ups.end(),
                   [](const RollUp& left, const RollUp& right) { return left.end_ms < right.end_ms; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < roll_ups.size(); ++i) {
    RollUp& into = roll_ups[kept];
    const RollUp& from = roll_ups[i];
    if (from.end_ms != into.end_ms) {
      roll_ups[++kept] = from;
      continue;
    }
    if (from.count == 0) {
      into.is_stale = into.is_stale || from.is_stale;
    } else if (into.count == 0) {
      const bool is_stale = into.is_stale;
      into = from;
      into.is_stale = into.is_stale || is_stale;
    } else {
      into.count += from.count;
      into.sum += from.sum;
      if (from.min < into.min || std::isnan(into.min)) into.min = from.min;
      if (from.max > into.max || std::isnan(into.max)) into.max = from.max;
      if (from.last_ms >= into.last_ms) {
        into.last = from.last;
        into.last_ms = from.last_ms;
        into.is_stale = from.is_stale;
      }
    }
  }
  if (!roll_ups.empty()) roll_ups.resize(kept + 1);
}

}  // namespace gyre::engine::series
