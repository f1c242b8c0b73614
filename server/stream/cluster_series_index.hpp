// How do samples of a stream become searchable on a cluster? One document a sample; requests are answered here, by the
// evaluator that also answers from a local store.
//
// Documents: series_document.hpp. A sample's id is its series and time, its version its sequence: of two samples of one
// series and time the later counts, whenever they come; when they are in two generations, readers see to that. Which
// series there are is said by a document for each series and hour that has a sample of it. What is known of metric
// families is held in memory too, and given to each new generation, so that it outlives the old ones.
//
// Samples that are too late are dropped by the rule of the local store, which needs the time of the newest sample
// before each record; the mark has it. There are no roll-ups: samples are kept as long as their generation.
//
// THREADS: as StreamIndex. OWNS: nothing of the cluster, which outlives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/series/batch_rules.hpp"
#include "engine/series/series_source.hpp"
#include "gyre/sample_batch.hpp"
#include "server/stream/cluster_stream_index.hpp"

namespace gyre::stream {

class ClusterSeriesIndex final : public ClusterStreamIndex {
 public:
  // `out_of_order_ms`: how much older than the newest of all a sample may be; 0: any. `options.definition` is the
  // plugin's, of which only settings count. invalid_argument when it is none; conflict ("index_taken") when another
  // server fills the indices; that the cluster is away is logged and no failure.
  static Result<std::unique_ptr<ClusterSeriesIndex>> open(ClusterStreamOptions options, std::int64_t out_of_order_ms,
                                                          search::Cluster& cluster, const base::Clock& clock,
                                                          base::Observer& observer);
  Result<search::SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override;

  // What another store holds, as of `as_of`, is gathered as if it had come at `arrived_millis`; flush() sends it.
  // REQUIRES: times ascend; nothing is applied meanwhile. Until isFull() it is better to go on than to flush.
  using ClusterStreamIndex::isFull;
  void load(const engine::series::Labels& labels, const engine::series::SampleColumns& samples, std::uint64_t as_of,
            std::int64_t arrived_millis);
  // Between loads: when the newest generation is old or large enough, another begins.
  Status endGeneration() { return endWhenOld(); }
  // All that the other store holds was loaded: nothing before `sequence` is to be applied, a sample of `newest_ms` was,
  // and these are its families. Durable after a flush() and a commit().
  void cover(std::uint64_t sequence, std::int64_t newest_ms,
             const std::vector<engine::series::MetricMetadata>& families);
  // Of all samples that are covered; kNoTimeMs for none.
  std::int64_t newestSampleTime() const { return newest_ms_; }

  // Sorted by name; `metric` "" for all.
  std::vector<engine::series::MetricMetadata> metadata(std::string_view metric, std::size_t limit) const;
  // Samples that are too late by what is applied; none is while the cluster was not reached yet.
  std::vector<Rejection> screen(RecordBatch& batch) const override;
  std::uint64_t droppedRecords() const override { return dropped_; }

 private:
  using ClusterStreamIndex::ClusterStreamIndex;
  Status opened(const ClusterGenerations::Opened& opened) override;
  void began(const ClusterGeneration& newest) override;
  Result<std::uint64_t> gather(const RecordBatch& batch, std::uint64_t first_sequence, std::uint64_t next,
                               std::int64_t arrived_millis, GenerationRange& range) override;
  std::optional<std::int64_t> newestTime() const override { return newest_ms_.load(); }

  // The first sequence of the record that was not gathered.
  std::uint64_t gatherRecord(const SampleBatch& samples, std::uint64_t first_sequence, std::uint64_t next,
                             std::int64_t arrived_millis, GenerationRange& range);
  void describe(const SampleBatch& samples, std::uint64_t sequence);
  void describe(engine::series::MetricMetadata metadata, std::uint64_t sequence);  // REQUIRES: families_mutex_ is held
  // Whether the newest generation was not given the series for this hour, which it is now. `id`: to write in.
  bool isNewIn(std::int64_t hour_ms, std::string_view digest, std::string& id);
  Status readFamilies(const std::string& newest);
  // The newest time of an index' samples of these sequences; kNoTimeMs for none.
  Result<std::int64_t> newestUpTo(std::uint64_t sequence, const std::string& index) const;

  struct Family {
    engine::series::MetricMetadata metadata;
    std::uint64_t sequence = 0;
  };

  // 128 bits of an id: a few dozen bytes each, however many there are.
  struct IdHash {
    std::uint64_t low = 0, high = 0;
    bool operator==(const IdHash&) const = default;
  };
  struct HashOfIdHash {
    std::size_t operator()(const IdHash& hash) const { return hash.low; }
  };
  static IdHash hashOf(std::string_view id);

  std::int64_t out_of_order_ms_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
  // Written by the applier's thread.
  std::atomic<std::int64_t> newest_ms_{engine::series::kNoTimeMs};  // before the record that is under way
  // Series and hours that the newest generation was given.
  std::unordered_set<IdHash, HashOfIdHash> known_;

  mutable std::mutex families_mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace gyre::stream
