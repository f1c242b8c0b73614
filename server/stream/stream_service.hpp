// What can be done with a stream? Append records, wait for them, follow them, ask how it stands.
//
// append() puts the batch, compressed, into the store's group commit; `done` comes after the fsync. Before that, limits
// are asked: what the index does not hold durably yet is bounded on disk, what waits for the disk is bounded in memory,
// and the disk must have room. Beyond them a batch is refused with resource_exhausted, and nothing of it is kept.
//
// THREADS: start and stop from one thread, the rest from any. OWNS: the applier and the hub; all given outlives it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/store/primary_store.hpp"
#include "server/stream/applier.hpp"
#include "server/stream/batch_window.hpp"
#include "server/stream/record_batch.hpp"
#include "server/stream/stream_handlers.hpp"
#include "server/stream/stream_index.hpp"
#include "server/stream/tail_hub.hpp"

namespace gyre::stream {

struct StreamOptions {
  ApplierOptions applier;
  std::string folder;                            // where free space is looked at
  std::uint64_t max_backlog_bytes = 4ULL << 30;  // in the log, not yet durable in the index
  std::size_t max_inflight_bytes = 128u << 20;   // in memory, not yet on disk
  std::uint64_t min_free_bytes = 256u << 20;     // of the disk
  std::size_t window_bytes = 16u << 20;          // of the newest batches kept in memory
};

// A request's key, so that it counts once however often it is sent.
struct IdempotencyKey {
  std::string scope, key, fingerprint;
};

struct Appended {
  std::uint64_t last_sequence = 0;  // of the log, when nothing was appended
  std::uint64_t count = 0;
  bool is_replay = false;
};
using AppendDone = std::function<void(Result<Appended>)>;

struct StreamStats {
  ApplierStats applier;
  std::uint64_t last_sequence = 0;
  std::uint64_t appended_batches = 0, appended_records = 0;  // since start
  std::uint64_t refused_batches = 0;                         // by a limit
  std::uint64_t screened_records = 0;                        // that the index would have dropped
  std::uint64_t dropped_records = 0;                         // that the index took and dropped
  std::uint64_t backlog_bytes = 0;
  std::int64_t backlog_age_ms = 0;  // of the oldest record that is not durable in the index
  std::uint64_t inflight_bytes = 0;
  std::uint64_t free_bytes = 0;
  TailStats tails;
};

class StreamService {
 public:
  static Result<std::unique_ptr<StreamService>> open(StreamOptions options, const StreamHandlers& handlers,
                                                     store::PrimaryStore& store, StreamIndex& index,
                                                     const base::Clock& clock, base::Observer& observer);
  ~StreamService();  // stop()

  const StreamHandlers& handlers() const { return handlers_; }
  Applier& applier() { return applier_; }
  TailHub& tails() { return hub_; }
  StreamIndex& index() { return index_; }

  // resource_exhausted ("backlog_full", "disk_full", "too_much_in_flight") before anything is done; so a caller asks
  // before it parses a body of this many bytes.
  Status admit(std::size_t bytes) const { return admitBeside(inflight_bytes_, bytes); }
  // The same, and counts the body, and as much again for what is made of it, as in flight until `held` goes or is
  // reset: large bodies that come at once must not all be in memory at once.
  class Held {
   public:
    Held() = default;
    Held(Held&& other) noexcept : service_(std::exchange(other.service_, nullptr)), bytes_(other.bytes_) {}
    Held& operator=(Held&& other) noexcept {
      std::swap(service_, other.service_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Held() { reset(); }
    void reset() {
      if (const StreamService* const service = std::exchange(service_, nullptr)) service->inflight_bytes_ -= bytes_;
    }

   private:
    friend class StreamService;
    // Of bytes that are counted already.
    Held(const StreamService& service, std::uint64_t bytes) : service_(&service), bytes_(bytes) {}
    const StreamService* service_ = nullptr;
    std::uint64_t bytes_ = 0;
  };
  Result<Held> hold(std::size_t body_bytes) const;
  // Takes out what the index is known to drop; see StreamIndex::screen. For whoever can tell the sender.
  std::vector<Rejection> screen(RecordBatch& batch) const;
  // `done` is called exactly once, on the caller's thread for what is refused at once and for an empty batch, else on
  // the store's writer thread; it must not block. unprocessable "idempotency_key_reused" for another request's key.
  void append(RecordBatch batch, std::optional<IdempotencyKey> key, AppendDone done);

  void start();
  // Who follows is told first. REQUIRES: the store is closed, so that nothing is appended any more.
  void stopTails();
  void stop();
  StreamStats stats() const;

 private:
  Status admitBeside(std::uint64_t inflight, std::size_t bytes) const;
  class AppendUnit;
  StreamService(StreamOptions options, const StreamHandlers& handlers, store::PrimaryStore& store, StreamIndex& index,
                const base::Clock& clock, base::Observer& observer);
  void appended(AppendedBatch batch, std::uint64_t packed_bytes);
  void settle(std::uint64_t durable);
  void lookAtDisk() const;

  struct Pending {
    std::uint64_t last_sequence;
    std::uint64_t bytes;
    std::int64_t arrived_millis;
  };

  const StreamOptions options_;
  const StreamHandlers& handlers_;
  store::PrimaryStore& store_;
  StreamIndex& index_;
  const base::Clock& clock_;
  BatchWindow window_;
  mutable std::atomic<std::uint64_t> inflight_bytes_{0}, backlog_bytes_{0}, free_bytes_{~std::uint64_t{0}};
  mutable std::atomic<std::int64_t> looked_nanos_{0};
  mutable std::atomic<std::uint64_t> refused_batches_{0}, screened_records_{0};
  std::atomic<std::uint64_t> appended_batches_{0}, appended_records_{0};
  mutable std::mutex mutex_;     // guards what follows
  std::deque<Pending> pending_;  // in the log, not yet durable in the index
  Applier applier_;
  TailHub hub_;
};

}  // namespace gyre::stream
