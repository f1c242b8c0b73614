// Where are time series kept?
//
// Samples go into a head in memory; commit() writes the head out as blocks, one for each span of time it has samples
// of, and a commit file that names every block with the sequence they reach. Blocks of one window of time are merged
// into one by maintain(), which also makes roll-ups of a minute and an hour of what is complete, and retires what is
// older than its resolution is kept. Readers see a snapshot: blocks and heads as they were, the heads maybe a little
// fuller.
//
// Durability is the caller's log until commit(): after a crash durableSequence() says where to apply again from, and
// doing so gives the same content. One sample is one sequence; samples whose sequence was applied already are passed
// over. Nothing depends on when commits or merges happened: what a sample does, whether it is kept, replaced or
// dropped, follows from the samples before it alone. One exception: a sample older than what retention has deleted is
// dropped.
//
// Of two samples of one series and time the later in sequence counts. A damaged block is named by damage(), and only
// queries of its time fail, with that message.
//
// What another store holds is brought here by blocks (store_load.hpp), without the rules that samples come by.
//
// THREADS: apply(), commit(), load() and cover() on one thread; maintain() on one, maybe another; everything else on
// any. OWNS: borrows the directory. FORMAT: docs/SERIES_FORMAT.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/directory/directory.hpp"
#include "engine/series/batch_rules.hpp"
#include "engine/series/block.hpp"
#include "engine/series/head.hpp"
#include "engine/series/roll_up.hpp"
#include "engine/series/series_source.hpp"
#include "engine/series/store_commit.hpp"
#include "gyre/sample_batch.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::series {

struct SeriesStoreOptions {
  // Spans of time that blocks are merged to, ascending, each a multiple of the one before; whole hours.
  std::vector<std::int64_t> windows_ms = {2 * kHourMs, 24 * kHourMs};
  // A head of this size is written out by apply().
  std::size_t head_bytes = 256u << 20;
  // Samples older than the newest sample of the store by more than this are dropped; 0: none is. Age is reckoned from
  // what was applied before the batch.
  std::int64_t out_of_order_ms = 0;
  // How long, by the clock given to maintain(), samples and roll-ups are kept; 0: for ever.
  std::int64_t sample_retention_ms = 0;
  std::int64_t minute_retention_ms = 0;
  std::int64_t hour_retention_ms = 0;
  // Series in the head; admits() refuses a batch that could bring more.
  std::size_t max_series = 4'000'000;
  // Metric families whose type and help are kept; further ones are not.
  std::size_t max_metadata = kMostFamilies;
};

struct SeriesStoreStats {
  std::uint64_t series = 0;  // of the head
  std::uint64_t head_samples = 0;
  std::uint64_t head_bytes = 0;
  std::uint64_t blocks = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t samples = 0;  // in blocks; roll-ups not counted
  std::uint64_t dropped = 0;  // since open: older than the window, retired, or outside the years 1 to 9999
};

// A block as the store knows it.
struct StoredBlock {
  CommittedBlock committed;
  std::shared_ptr<const Block> block;  // null when damaged
  Status damage;
};

// Where a store has something: a head, or what was made of the same samples.
struct StoredExtent {
  std::int64_t first_ms = 0, last_ms = 0;  // no sample of it is outside
  std::uint64_t samples = 0;               // or buckets, when only roll-ups are left
  std::int64_t resolution_ms = 0;          // of the finest that is left; 0: samples
};

// What a reader sees.
struct StoreView {
  std::vector<std::shared_ptr<const StoredBlock>> blocks;  // ascending recency
  std::vector<std::shared_ptr<const Head>> heads;          // oldest first
};

class SeriesStore final : public SeriesSource {
 public:
  // Opens what is there, or begins. Files that no commit names are removed. corruption when the commit file is damaged.
  static Result<std::unique_ptr<SeriesStore>> open(Directory& directory, SeriesStoreOptions options);

  // Whether there is room for the batch's series: resource_exhausted names the limit. Before the batch is logged.
  Status admits(const SampleBatch& batch) const;
  // A sample of an earlier time would be dropped, by what is applied now.
  std::int64_t oldestTaken() const;
  // Sample k of the batch has sequence first_sequence + k; descriptions without a sample have first_sequence.
  // REQUIRES: sequences are above 0 and only grow.
  Status apply(const SampleBatch& batch, std::uint64_t first_sequence);
  // Makes everything applied durable; gives its sequence. After a failure what was applied is still there, in memory,
  // and the next commit tries again.
  Result<std::uint64_t> commit();
  std::uint64_t appliedSequence() const { return applied_.load(); }
  std::uint64_t durableSequence() const;

  // A block of what another store holds at `as_of`, which is the greatest sequence in it. Nothing is too late for it.
  class Load;
  Result<std::unique_ptr<Load>> load(std::uint64_t as_of);
  // What the other store knew besides: nothing before `sequence` is to be applied, a sample of `newest_ms` was, and
  // metric families. Durable then. REQUIRES: no head has a sample.
  Status cover(std::uint64_t sequence, std::int64_t newest_ms, const std::vector<MetricMetadata>& families);

  // Merges, rolls up and retires as `now_ms` makes due, until nothing is; ends early, in order, when `is_stopping` says
  // so.
  Status maintain(
      std::int64_t now_ms, const std::function<bool()>& is_stopping = [] { return false; });

  SeriesStoreStats stats() const;
  // In no order.
  std::vector<StoredExtent> extents() const;
  // Of the newest sample that was ever applied; kNoTimeMs for none.
  std::int64_t newestTime() const;
  // Samples of this time or before were deleted by retention; kNoTimeMs for none.
  std::int64_t retiredTime() const;
  // Damaged files, each named with what is wrong; found when they were opened.
  std::vector<std::string> damage() const;
  // Reads every byte of every block. The first damage, or success.
  Status check() const;

  // SeriesSource
  Result<std::unique_ptr<SeriesSet>> select(const SelectRequest& request) const override;
  Result<std::vector<std::string>> labelNames(const SeriesFilter& filter) const override;
  Result<std::vector<std::string>> labelValues(std::string_view label, const SeriesFilter& filter) const override;
  Result<std::vector<Labels>> listSeries(const SeriesFilter& filter) const override;
  Result<std::vector<MetricMetadata>> metadata(std::string_view metric, std::size_t limit) const override;

 private:
  using Blocks = std::vector<std::shared_ptr<const StoredBlock>>;

  SeriesStore(Directory& directory, SeriesStoreOptions options) : directory_(directory), options_(std::move(options)) {}
  StoreView view() const;
  std::int64_t floorMs() const;
  void describe(const SampleBatch& batch);

  // A head that takes samples, or is being written out.
  struct OpenHead {
    std::shared_ptr<Head> head;
    std::uint64_t sequence = 0;  // of its last sample; set when it is frozen
    std::int64_t newest_ms = 0;  // of the store, then
  };
  // One block being written: series_store.cpp.
  class Output;
  // Each gives a number that was never given before.
  std::uint64_t takeBlock();
  std::uint64_t takeUnit();
  Result<Blocks> writeOut(const OpenHead& head);
  // Writes a commit file in which `removed` are replaced by `added`, shows that to readers, and removes the files.
  // `written`: the oldest head, now in blocks.
  Status publish(const Blocks& removed, const Blocks& added, const OpenHead* written, std::int64_t floor_ms);

  // Maintenance: store_maintenance.cpp.
  struct Merge {
    Blocks sources;  // of samples, ascending recency
    bool keeps_samples = true;
    bool makes_roll_ups = true;
  };
  std::vector<Merge> planMerges(const StoreView& view, std::int64_t now_ms) const;
  Status runMerge(const Merge& merge);
  Status retire(std::int64_t now_ms);

  Directory& directory_;
  const SeriesStoreOptions options_;
  std::atomic<std::uint64_t> applied_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::mutex publish_mutex_;   // held while a commit file is written
  std::mutex maintain_mutex_;  // one maintenance at a time

  mutable std::mutex mutex_;     // what follows
  Blocks blocks_;                // ascending recency
  std::vector<OpenHead> heads_;  // oldest first; the last one takes samples
  std::uint64_t durable_ = 0;
  std::int64_t durable_newest_ms_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t next_block_ = 1;
  std::uint64_t next_unit_ = 1;
  std::int64_t newest_ms_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t floor_ms_ = std::numeric_limits<std::int64_t>::min();
  std::map<std::string, MetricMetadata, std::less<>> metadata_;
  bool has_new_metadata_ = false;
};

}  // namespace gyre::engine::series
