// How does an answer given on any thread reach the loop that holds its connection?
//
// Each loop has one queue, and every Responder shares it. An answer given on another thread is put under a mutex, and
// the first one in an empty queue wakes the loop through an eventfd, so that many answers cost one wake-up. An answer
// given on the loop's own thread goes straight to the loop.
//
// THREADS: everything from any thread, but what says otherwise. OWNS: the eventfd; the queue lives as long as the last
// Responder.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gyre/status.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

// What a Responder needs to know of its request beyond the connection.
struct RequestToken {
  std::uint64_t sequence = 0;  // counts the requests of one connection
  bool allows_gzip = false;    // so that the answering thread packs, and not the loop

  std::uint64_t packed() const { return sequence << 1 | (allows_gzip ? 1u : 0u); }
  static RequestToken unpack(std::uint64_t packed) { return {packed >> 1, (packed & 1) != 0}; }
};

struct Completion {
  std::uint64_t connection = 0;
  std::uint64_t sequence = 0;
  std::optional<Response> response;  // nothing: the Responder was dropped
  enum class Kind : std::uint8_t { kAnswer, kMore, kEnd } kind = Kind::kAnswer;
  std::string more = {};  // kMore: of the body
};

// The loop, as its own thread's Responders see it.
class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  virtual void complete(Completion completion) = 0;
};

// Connection ids hold the connection's slot in their low bits, so that one table of atomics tells which are alive.
inline constexpr unsigned kSlotBits = 24;
constexpr std::size_t slotOf(std::uint64_t connection) { return connection & ((std::uint64_t{1} << kSlotBits) - 1); }

class Responder::Target {
 public:
  // `slots`: how many connections the loop may have at once.
  explicit Target(std::size_t slots) : live_(slots) {}
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  Status open();
  int descriptor() const { return descriptor_; }

  // From the loop's thread, before its first request; the sink outlives close().
  void bind(CompletionSink& sink);
  // From the loop's thread: completions from now on are dropped.
  void close();
  // From the loop's thread: everything queued, replacing what `into` holds.
  void take(std::vector<Completion>& into);
  // From the loop's thread: a connection begins (its id) or ends (0).
  void setLive(std::size_t slot, std::uint64_t connection) { live_[slot].store(connection, std::memory_order_relaxed); }

  void complete(Completion completion);
  // Ends a wait of the loop.
  void wake();
  bool isLive(std::uint64_t connection) const {
    return live_[slotOf(connection)].load(std::memory_order_relaxed) == connection;
  }

 private:
  int descriptor_ = -1;
  std::vector<std::atomic<std::uint64_t>> live_;
  std::mutex mutex_;
  bool is_closed_ = false;
  std::vector<Completion> queue_;
};

}  // namespace gyre::http
