// A SeriesSource that holds vectors: the model that stores are compared with, and what evaluators are tested on.
//
// THREADS: add() before, not while, others read.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/series/series_source.hpp"

namespace gyre::engine::series {

class MemorySource final : public SeriesSource {
 public:
  // In any order of time; a second sample of one time replaces the first. Labels are sorted here, empty ones dropped.
  void add(Labels labels, std::int64_t time_ms, double value);
  void describe(MetricMetadata metadata);

  Result<std::unique_ptr<SeriesSet>> select(const SelectRequest& request) const override;
  Result<std::vector<std::string>> labelNames(const SeriesFilter& filter) const override;
  Result<std::vector<std::string>> labelValues(std::string_view label, const SeriesFilter& filter) const override;
  Result<std::vector<Labels>> listSeries(const SeriesFilter& filter) const override;
  Result<std::vector<MetricMetadata>> metadata(std::string_view metric, std::size_t limit) const override;

 private:
  using Values = std::map<std::int64_t, double>;
  class Set;
  std::map<Labels, Values> series_;
  std::map<std::string, MetricMetadata, std::less<>> metadata_;
};

}  // namespace gyre::engine::series
