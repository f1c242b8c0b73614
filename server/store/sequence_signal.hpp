// How far is the log committed, and who waits for more?
//
// THREADS: publish() from the writer; the rest from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace gyre::store {

class SequenceSignal {
 public:
  void publish(std::uint64_t sequence);
  std::uint64_t last() const { return last_.load(std::memory_order_acquire); }
  // Until last() > sequence, `timeout_ms` passes, or wake() is called; returns last().
  std::uint64_t waitAbove(std::uint64_t sequence, std::int64_t timeout_ms) const;
  void wake();

 private:
  std::atomic<std::uint64_t> last_{0};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::uint64_t wakes_ = 0;
};

}  // namespace gyre::store
