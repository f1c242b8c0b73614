#include "server/store/sequence_signal.hpp"

#include <algorithm>
#include <chrono>

namespace gyre::store {

void SequenceSignal::publish(std::uint64_t sequence) {
  {
    const std::lock_guard lock(mutex_);
    last_.store(sequence, std::memory_order_release);
  }
  changed_.notify_all();
}

std::uint64_t SequenceSignal::waitAbove(std::uint64_t sequence, std::int64_t timeout_ms) const {
  // An hour is as good as for ever, and cannot overflow the deadline.
  constexpr std::int64_t kLongest = 3'600'000;
  std::unique_lock lock(mutex_);
  const std::uint64_t wakes = wakes_;
  changed_.wait_for(lock, std::chrono::milliseconds(std::clamp<std::int64_t>(timeout_ms, 0, kLongest)),
                    [&] { return last() > sequence || wakes_ != wakes; });
  return last();
}

void SequenceSignal::wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
  }
  changed_.notify_all();
}

}  // namespace gyre::store
