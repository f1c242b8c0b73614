// What do series that are on a cluster measure? The questions of an evaluator, as searches.
//
// Which series a selector means is decided here, by its own matchers, over the labels of all series that the cluster
// finds by the filters that say the same there (equality, alternatives, inequality); an expression is never given to
// the cluster, whose language is another. Samples are then read page by page, for a few series at a time, in the order
// they lie in. What is read spans a while; what is written meanwhile may be seen or not.
//
// THREADS: one. OWNS: nothing; the index outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/series/series_source.hpp"
#include "gyre/status.hpp"
#include "server/stream/cluster_series_index.hpp"

namespace gyre::stream {

class ClusterSeriesSource final : public engine::series::SeriesSource {
 public:
  // `max_samples`: that one selection may read from the cluster.
  ClusterSeriesSource(const ClusterSeriesIndex& index, std::size_t max_samples, std::int64_t deadline_nanos)
      : index_(index), max_samples_(max_samples), deadline_nanos_(deadline_nanos) {}

  Result<std::unique_ptr<engine::series::SeriesSet>> select(
      const engine::series::SelectRequest& request) const override;
  Result<std::vector<std::string>> labelNames(const engine::series::SeriesFilter& filter) const override;
  Result<std::vector<std::string>> labelValues(std::string_view label,
                                               const engine::series::SeriesFilter& filter) const override;
  Result<std::vector<engine::series::Labels>> listSeries(const engine::series::SeriesFilter& filter) const override;
  Result<std::vector<engine::series::MetricMetadata>> metadata(std::string_view metric,
                                                               std::size_t limit) const override {
    return index_.metadata(metric, limit);
  }

  // Documents of samples in the range; more than samples when some are in two generations.
  Result<std::uint64_t> sampleCount(const TimeRange& range) const;
  // Of the first sample in the range.
  Result<std::optional<std::int64_t>> firstTime(const TimeRange& range) const;

 private:
  using Visit = std::function<Status(std::string_view series, engine::series::Labels labels)>;
  // Every series with a sample in the range, once; unless `is_exact`, also others with one in the hours that it meets.
  Status visitSeries(const engine::series::Matchers& matchers, const TimeRange& range, bool is_exact,
                     const Visit& visit) const;
  // Those of these series that have a sample in the range.
  Result<std::set<std::string>> present(const std::vector<std::string>& series, const TimeRange& range) const;
  // Names of metrics with a sample in the hours that the range meets; nothing when a name is too long to be told so.
  Result<std::optional<std::set<std::string>>> metricNames(const TimeRange& range) const;
  Status visitFiltered(const engine::series::SeriesFilter& filter,
                       const std::function<void(const engine::series::Labels&)>& visit) const;

  const ClusterSeriesIndex& index_;
  const std::size_t max_samples_;
  const std::int64_t deadline_nanos_;
};

}  // namespace gyre::stream
