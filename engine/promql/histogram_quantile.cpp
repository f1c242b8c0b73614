#include "engine/promql/histogram_quantile.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

#include "engine/promql/quantile.hpp"

namespace gyre::engine::promql {
namespace {

constexpr std::string_view kBound = "le";

// As Go's ParseFloat reads the forms that occur: decimals with exponent, Inf, Infinity, NaN, in any case.
std::optional<double> parseBound(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double bound = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bound);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return bound;
}

struct Histogram {
  series::Labels labels;
  std::vector<std::pair<double, const Row*>> buckets;
};

}  // namespace

Result<Rows> histogramQuantile(const Rows& rows, std::span<const double> q) {
  std::vector<Histogram> histograms;
  std::unordered_map<std::string, std::size_t> numbers;
  for (const Row& row : rows) {
    const auto bound = parseBound(series::labelValue(row.labels, kBound));
    if (!bound) continue;
    series::Labels labels = row.labels;
    dropLabel(labels, kBound);
    const auto [found, is_new] = numbers.try_emplace(labelsKey(labels), histograms.size());
    if (is_new) {
      dropLabel(labels, series::kMetricName);
      histograms.push_back({std::move(labels), {}});
    }
    histograms[found->second].buckets.emplace_back(*bound, &row);
  }
  Rows answers;
  std::vector<double> column(q.size());
  std::vector<Bucket> buckets;
  for (Histogram& histogram : histograms) {
    std::stable_sort(histogram.buckets.begin(), histogram.buckets.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::uint32_t step = 0; step < q.size(); ++step) {
      buckets.clear();
      for (const auto& [bound, row] : histogram.buckets)
        if (const double count = row->at(step); !isNoValue(count)) buckets.push_back({bound, count});
      column[step] = buckets.empty() ? noValue() : bucketQuantile(q[step], buckets);
    }
    if (auto row = makeRow(std::move(histogram.labels), column)) answers.push_back(std::move(*row));
  }
  GYRE_TRY(mergeEqual(answers));
  return answers;
}

}  // namespace gyre::engine::promql
