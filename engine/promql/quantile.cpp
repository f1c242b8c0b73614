#include "engine/promql/quantile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace gyre::engine::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::optional<double> beyond(double q) {
  if (std::isnan(q)) return kNaN;
  if (q < 0) return -kInfinity;
  if (q > 1) return kInfinity;
  return std::nullopt;
}

}  // namespace

double quantile(double q, std::vector<double>& values) {
  if (values.empty()) return kNaN;
  if (const auto answer = beyond(q)) return *answer;
  std::sort(values.begin(), values.end(), [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; });
  const double last = static_cast<double>(values.size()) - 1;
  const double rank = q * last;
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(last, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[static_cast<std::size_t>(lower)] * (1 - weight) + values[static_cast<std::size_t>(upper)] * weight;
}

double bucketQuantile(double q, std::vector<Bucket>& buckets) {
  if (const auto answer = beyond(q)) return *answer;
  if (buckets.empty() || buckets.back().upper_bound != kInfinity) return kNaN;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper_bound == buckets[kept].upper_bound) {
      buckets[kept].count += buckets[i].count;
    } else {
      buckets[++kept] = buckets[i];
    }
  }
  buckets.resize(kept + 1);
  double highest = buckets[0].count;
  for (Bucket& bucket : buckets) {
    if (bucket.count > highest)
      highest = bucket.count;
    else if (bucket.count < highest)
      bucket.count = highest;
  }
  if (buckets.size() < 2) return kNaN;
  const double observations = buckets.back().count;
  if (observations == 0) return kNaN;
  double rank = q * observations;
  const std::size_t last = buckets.size() - 1;
  // As Go's sort.Search: the predicate is asked, never its opposite, so that NaN counts go the same way.
  std::size_t at = 0;
  for (std::size_t end = last; at < end;) {
    const std::size_t middle = (at + end) / 2;
    if (buckets[middle].count >= rank)
      end = middle;
    else
      at = middle + 1;
  }
  if (at == last) return buckets[last - 1].upper_bound;
  if (at == 0 && buckets[0].upper_bound <= 0) return buckets[0].upper_bound;
  double start = 0;
  double count = buckets[at].count;
  if (at > 0) {
    start = buckets[at - 1].upper_bound;
    count -= buckets[at - 1].count;
    rank -= buckets[at - 1].count;
  }
  return start + (buckets[at].upper_bound - start) * (rank / count);
}

}  // namespace gyre::engine::promql
