// How do samples of a stream become searchable? A store of series in the engine; requests are the plugin's, in the form
// of engine/promql/series_request.hpp.
//
// A record is a sample batch, and each of its samples has a sequence. What is applied is searchable at once. The store
// merges, rolls up and retires on a thread of its own, so that no sample waits for it.
//
// THREADS: as StreamIndex. OWNS: the folder, the store and the thread; clock and observer outlive it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "engine/directory/directory.hpp"
#include "engine/series/series_store.hpp"
#include "gyre/status.hpp"
#include "server/stream/stream_index.hpp"

namespace gyre::stream {

struct SeriesIndexOptions {
  std::string folder;  // made when absent
  std::string name;    // the domain's
  engine::series::SeriesStoreOptions store;
  std::int64_t maintain_interval_ms = 60'000;
};

class SeriesIndex final : public StreamIndex {
 public:
  // `last_sequence`: of the log; a store that holds more belongs to another history and is refused.
  static Result<std::unique_ptr<SeriesIndex>> open(SeriesIndexOptions options, std::uint64_t last_sequence,
                                                   const base::Clock& clock, base::Observer& observer);
  ~SeriesIndex() override;

  Status admits(const RecordBatch& batch) const override;
  // Samples that are too late: before the out-of-order window, or before what retention has deleted.
  std::vector<Rejection> screen(RecordBatch& batch) const override;
  std::uint64_t droppedRecords() const override { return store_->stats().dropped; }
  Result<std::vector<RefusedRecord>> apply(const RecordBatch& batch, std::uint64_t first_sequence, std::uint64_t after,
                                           std::int64_t arrived_millis) override;
  // The store retires by its own options; this only has it look at once.
  Result<RetainResult> retain(std::int64_t oldest_millis) override;
  Status refresh() override { return {}; }
  Status commit() override;
  Result<search::SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override;
  search::Progress progress() const override;
  Status health() const override;
  search::EngineStats stats() const override;
  Status close() override;

 private:
  SeriesIndex(SeriesIndexOptions options, const base::Clock& clock, base::Observer& observer)
      : options_(std::move(options)), clock_(clock), observer_(observer) {}
  void maintain();

  const SeriesIndexOptions options_;
  const base::Clock& clock_;
  base::Observer& observer_;
  std::unique_ptr<engine::Directory> directory_;
  std::unique_ptr<engine::series::SeriesStore> store_;
  std::atomic<std::uint64_t> maintained_{0};
  std::atomic<bool> is_stopping_{false};
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool is_asked_ = false;
  std::thread thread_;
};

}  // namespace gyre::stream
