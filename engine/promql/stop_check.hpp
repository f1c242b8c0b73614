// Is it time to give up?
//
// THREADS: immutable; the flag may be set from any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::promql {

struct StopCheck {
  const base::Clock* clock = nullptr;
  std::int64_t deadline_nanos = 0;  // of clock->monotonicNanos(); 0: none
  const std::atomic<bool>* is_cancelled = nullptr;

  bool isDue() const {
    if (is_cancelled != nullptr && is_cancelled->load(std::memory_order_relaxed)) return true;
    return clock != nullptr && deadline_nanos != 0 && clock->monotonicNanos() > deadline_nanos;
  }
  // canceled or timeout when it is.
  Status check() const {
    if (!isDue()) return {};
    if (is_cancelled != nullptr && is_cancelled->load(std::memory_order_relaxed))
      return {Code::kUnavailable, "canceled", "query was canceled in expression evaluation"};
    return {Code::kDeadlineExceeded, "timeout", "query timed out in expression evaluation"};
  }
};

}  // namespace gyre::engine::promql
