// How do records become searchable? The loop: take the next batch, apply it, refresh, commit, trim the log, retain.
//
// One thread a stream. It takes batches from memory while they are there, else from the log, from what the index has
// applied on; so after a crash it resumes where the index says it is durable, and each record counts once. Refresh
// follows its interval, or comes at once when a reader asks for its own write. Commit follows its interval and the
// number of records; what it makes durable leaves the log. A record that the index refuses becomes a dead letter,
// durable before the loop goes on. Retention is a job of the loop: at start, then at its interval.
//
// THREADS: start and stop from one thread, the rest from any. OWNS: its thread; all given outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/projector/searchability.hpp"
#include "server/store/primary_store.hpp"
#include "server/stream/batch_window.hpp"
#include "server/stream/stream_index.hpp"

namespace gyre::stream {

struct ApplierOptions {
  std::string domain;
  std::uint64_t read_bytes = 4u << 20;  // of the log at once, compressed
  std::int64_t refresh_interval_ms = 1'000;
  std::int64_t commit_interval_ms = 10'000;
  std::uint64_t commit_records = 1'000'000;  // or after this many, whichever comes first
  std::int64_t retention_ms = 0;             // how long records are kept; 0: for ever
  std::int64_t retain_interval_ms = 3'600'000;
};

struct ApplierStats {
  std::uint64_t applied = 0, searchable = 0, durable = 0;
  std::uint64_t batches = 0, batches_from_log = 0;
  std::uint64_t refreshes = 0, commits = 0;
  std::uint64_t dead_letters = 0;  // since start
  std::string last_error;          // "" when the last step went well
  // Of retention; 0 when it has not run, or never will.
  std::int64_t last_retain_millis = 0, next_retain_millis = 0;
  std::uint64_t deleted_records = 0, deleted_generations = 0;  // since start
  bool is_retain_overdue = false;                              // the next run is an interval late
};

class Applier final : public projector::Searchability {
 public:
  // `on_durable`: what the index holds durably, after each commit; on the loop's thread.
  Applier(ApplierOptions options, store::PrimaryStore& store, StreamIndex& index, const BatchWindow& window,
          const base::Clock& clock, base::Observer& observer, std::function<void(std::uint64_t)> on_durable);
  ~Applier() override;  // stops

  void start();
  // Ends the loop after the batch in hand, with a last commit.
  void stop();
  // There is something new in the log, or the clock was moved. Cheap.
  void wake();

  void requireSequence(std::uint64_t sequence, std::int64_t timeout_ms,
                       std::function<void(const Status&)> ready) override;
  ApplierStats stats() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace gyre::stream
