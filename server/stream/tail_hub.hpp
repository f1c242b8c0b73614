// Who follows a stream, and what has each seen? One thread that shows new records to every follower.
//
// A follower is at a sequence. While there are records behind it they are fetched (from memory, else the log, else the
// index), matched by the plugin and pushed; so a follower that resumes and one that is up to date are the same thing.
// A follower's queue is bounded: one that does not take anything for a while is told so and ends.
//
// THREADS: any; sinks are called on the hub's thread. OWNS: its thread and the followers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/store/primary_store.hpp"
#include "server/stream/batch_window.hpp"
#include "server/stream/stream_handlers.hpp"
#include "server/stream/stream_index.hpp"

namespace gyre::stream {

// Where what a follower sees goes. Calls come from one thread at a time.
class TailSink {
 public:
  virtual ~TailSink() = default;
  // Bytes given and not yet taken by the peer.
  virtual std::size_t pendingBytes() const = 0;
  virtual bool isAbandoned() const = 0;
  virtual void show(std::uint64_t sequence, std::string_view json) = 0;
  // Sends what show() gathered. `is_alive_only`: nothing was shown for a while; says that we are here.
  virtual void flush(bool is_alive_only) = 0;
  // The last call. `reason`: "stopped", "too_slow", or what went wrong.
  virtual void end(std::string_view reason, std::string_view message) = 0;
};

struct TailRequest {
  std::size_t tail = 0;
  std::string parameters;  // JSON object
  bool is_lenient = false;
  std::string organization_id;
  std::uint64_t after_sequence = 0;  // shown from the next on
};

struct TailStats {
  std::uint64_t followers = 0;
  std::uint64_t shown = 0;    // since start
  std::uint64_t dropped = 0;  // for being slow
};

class TailHub {
 public:
  struct Limits {
    std::size_t followers = 1'000;
    std::size_t queue_bytes = 1u << 20;
    std::int64_t slow_ms = 5'000;  // with a full queue
    std::int64_t alive_ms = 15'000;
  };
  TailHub(const StreamHandlers& handlers, const store::PrimaryStore& store, StreamIndex& index,
          const BatchWindow& window, const base::Clock& clock, Limits limits);
  ~TailHub();  // stop()

  void start();
  // resource_exhausted when there are too many already, unavailable when stopping; what the plugin says of the
  // parameters.
  Status follow(TailRequest request, std::shared_ptr<TailSink> sink);
  // Records were appended.
  void wake();
  // Ends every follower, then the thread.
  void stop();
  TailStats stats() const;

 private:
  struct Follower {
    TailRequest request;
    std::shared_ptr<TailSink> sink;
    std::int64_t full_nanos = 0;   // since when its queue has been full; 0: it is not
    std::int64_t spoke_nanos = 0;  // when it was last sent something
  };
  void run();
  // What became of one step: it has more to see, is up to date, is waiting for room, or has left.
  enum class Stepped { kMore, kIdle, kFull, kGone };
  Stepped step(Follower& follower);
  Result<AppendedBatch> fetch(std::uint64_t sequence);
  Result<AppendedBatch> fetchFromIndex(std::uint64_t sequence);
  Status show(Follower& follower, const AppendedBatch& batch);

  const StreamHandlers& handlers_;
  const store::PrimaryStore& store_;
  StreamIndex& index_;
  const BatchWindow& window_;
  const base::Clock& clock_;
  const Limits limits_;
  std::atomic<std::uint64_t> count_{0}, shown_{0}, dropped_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Follower>> arrived_;
  bool is_woken_ = false;
  bool is_stopping_ = false;

  std::vector<std::unique_ptr<Follower>> followers_;  // the thread's
  std::thread thread_;
};

}  // namespace gyre::stream
