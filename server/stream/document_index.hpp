// How do documents of a stream become searchable? Generations of the embedded engine, the newest written to.
//
// A record becomes a document of id "TIME-SEQUENCE" (or the sender's own) with "sequence" spliced in. A generation ends
// when it is old or large enough, between two batches: it is committed, the next one listed, then made, so a crash
// anywhere leaves one that says where to go on. What each holds, by time, is listed before the commit that makes it
// durable, so a range is never too small.
//
// A generation that is damaged is set aside: it stays listed and its files stay where they are, until it can be opened
// again or retention deletes it; the others are served. When it was the newest, another begins.
//
// A search asks the generations whose times meet its own, as one search over several indices.
//
// THREADS: as StreamIndex. OWNS: the generations; searches share them, so a dropped one lives until they end.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/stream/generation.hpp"
#include "server/stream/stream_index.hpp"
#include "server/stream/time_range.hpp"

namespace gyre::stream {

struct DocumentIndexOptions {
  std::string folder;      // made when absent
  std::string name;        // the domain's
  std::string definition;  // {"settings":{…},"mappings":{…}}
  std::string time_field;
  // Where the log begins: an index that is made anew holds nothing before it, as after a store was put back alone.
  std::uint64_t first_sequence = 1;
  std::uint64_t buffer_bytes = 64u << 20;
  std::int64_t generation_age_ms = 24LL * 3600 * 1000;
  std::uint64_t generation_bytes = 10ULL << 30;
};

class DocumentIndex final : public StreamIndex {
 public:
  using Generations = std::vector<std::shared_ptr<Generation>>;
  // `last_sequence`: of the log; an index that holds more belongs to another history and is refused.
  static Result<std::unique_ptr<DocumentIndex>> open(DocumentIndexOptions options, std::uint64_t last_sequence,
                                                     const base::Clock& clock, base::Observer& observer);

  Result<std::vector<RefusedRecord>> apply(const RecordBatch& batch, std::uint64_t first_sequence, std::uint64_t after,
                                           std::int64_t arrived_millis) override;
  Result<RetainResult> retain(std::int64_t oldest_millis) override;
  Status refresh() override;
  Status commit() override;
  Result<search::SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override;
  search::Progress progress() const override;
  search::EngineStats stats() const override;
  Status close() override;

  // Oldest first; the last is written to.
  std::shared_ptr<const Generations> generations() const;
  struct Damaged {
    GenerationEntry entry;
    std::string why;
  };
  std::vector<Damaged> damaged() const;
  // How many generations the last search asked.
  std::uint64_t lastSearched() const { return last_searched_; }
  // Called when there are others than before, on the applier's thread.
  void onChanged(std::function<void()> call);

 private:
  DocumentIndex(DocumentIndexOptions options, const base::Clock& clock, base::Observer& observer)
      : options_(std::move(options)), clock_(clock), observer_(observer) {}
  Status load(std::uint64_t last_sequence);
  Result<Generations> openListed(const std::vector<GenerationEntry>& entries);
  std::vector<GenerationEntry> listed(const Generations& generations) const;
  std::string pathOf(const GenerationEntry& entry) const;
  Status add(GenerationEntry entry);
  Status save(const Generations& generations);
  void publish(Generations generations, std::uint64_t past = 0);
  void tellChanged() const;
  Status rollOver();
  Status rollOverWhenDue();
  Generation& current() const { return *generations()->back(); }
  Generation::Options generationOptions() const;

  const DocumentIndexOptions options_;
  const base::Clock& clock_;
  base::Observer& observer_;
  std::shared_ptr<engine::MergeBudget> merge_budget_;
  mutable std::mutex mutex_;  // guards what follows
  std::function<void()> on_changed_;
  std::shared_ptr<const Generations> generations_ = std::make_shared<const Generations>();
  std::vector<Damaged> damaged_;        // oldest first
  std::uint64_t past_generations_ = 0;  // engine generations of what is gone, so that the sum only grows
  mutable std::atomic<std::uint64_t> last_searched_{0};

  // The applier's.
  std::vector<GenerationRange> saved_ranges_;
  std::string sources_;
  std::vector<RefusedRecord> refused_;  // not told yet: a batch may fail after some of it was applied
};

}  // namespace gyre::stream
