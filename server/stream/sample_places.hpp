// Which stores of samples are there to move between? The one on this machine, and the one on a cluster.
//
// THREADS: one. OWNS: nothing; what they are made of outlives them.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "engine/series/store_load.hpp"
#include "server/stream/cluster_series_source.hpp"
#include "server/stream/record_clock.hpp"
#include "server/stream/sample_move.hpp"

namespace gyre::stream {

// Blocks are written outright; the store makes roll-ups of them when it is next maintained.
class StoredSamples final : public SamplePlace {
 public:
  // REQUIRES: the store was opened and nothing applied since, so that all is in blocks.
  explicit StoredSamples(engine::series::SeriesStore& store) : store_(store) {}
  const engine::series::SeriesSource& source() const override { return store_; }
  std::uint64_t sequence() const override { return store_.durableSequence(); }
  std::int64_t newestTime() const override { return store_.newestTime(); }
  Result<std::uint64_t> sampleCount(const TimeRange& range) const override;
  Result<std::optional<std::int64_t>> firstTime(const TimeRange& range) const override;
  LoneRollUps loneRollUps() const override;
  std::int64_t retiredTime() const override { return store_.retiredTime(); }
  bool takesRetired() const override { return false; }
  Status begin(const TimeRange& window, std::uint64_t as_of) override;
  Status put(const engine::series::Labels& labels, const engine::series::SampleColumns& samples) override;
  Status end() override;
  Status cover(std::uint64_t sequence, std::int64_t newest_ms,
               const std::vector<engine::series::MetricMetadata>& families) override {
    return store_.cover(sequence, newest_ms, families);
  }

 private:
  engine::series::SeriesStore& store_;
  std::uint64_t as_of_ = 0;
  std::unique_ptr<engine::series::SeriesStore::Load> load_;  // made by the first put
};

// Generations begin and end by the samples' time.
class ClusterSamples final : public SamplePlace {
 public:
  // `clock`: the index's own; null when it is only read.
  ClusterSamples(ClusterSeriesIndex& index, RecordClock* clock)
      : index_(index), clock_(clock), source_(index, std::numeric_limits<std::size_t>::max(), 0) {}
  const engine::series::SeriesSource& source() const override { return source_; }
  std::uint64_t sequence() const override { return index_.progress().searchable; }
  std::int64_t newestTime() const override { return index_.newestSampleTime(); }
  Result<std::uint64_t> sampleCount(const TimeRange& range) const override { return source_.sampleCount(range); }
  Result<std::optional<std::int64_t>> firstTime(const TimeRange& range) const override {
    return source_.firstTime(range);
  }
  // What is before all that is left, when older generations are gone.
  std::int64_t retiredTime() const override;
  Status begin(const TimeRange& window, std::uint64_t as_of) override;
  Status put(const engine::series::Labels& labels, const engine::series::SampleColumns& samples) override;
  Status end() override;
  Status cover(std::uint64_t sequence, std::int64_t newest_ms,
               const std::vector<engine::series::MetricMetadata>& families) override;
  std::vector<RefusedRecord> takeRefused() override { return std::exchange(refused_, {}); }

 private:
  Status flush();

  ClusterSeriesIndex& index_;
  RecordClock* const clock_;
  const ClusterSeriesSource source_;
  std::uint64_t as_of_ = 0;
  bool is_written_ = false;  // and not committed
  std::vector<RefusedRecord> refused_;
};

}  // namespace gyre::stream
