// What time is it for records that are moved from another index? Their own, so that generations begin and end as they
// would have when they came.
//
// THREADS: moveTo() on one; the rest on any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/clock.hpp"

namespace gyre::stream {

// Never goes back, and never into the future.
class RecordClock final : public base::Clock {
 public:
  std::int64_t nowMillis() const override { return now_; }
  std::int64_t monotonicNanos() const override { return system_.monotonicNanos(); }
  void moveTo(std::int64_t time_millis) {
    now_ = std::max<std::int64_t>(now_, std::min(time_millis, system_.nowMillis()));
  }

 private:
  base::SystemClock system_;
  std::atomic<std::int64_t> now_{0};
};

}  // namespace gyre::stream
