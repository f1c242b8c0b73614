// What has been done with an index since it was opened? Counted where it happens, shown by _stats and _cat.
//
// THREADS: free; counters are independent of each other.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "engine/index.hpp"

namespace gyre::dialect {

// How often something was done, and how long it took.
struct TimedCounter {
  std::atomic<std::uint64_t> total{0};
  std::atomic<std::uint64_t> nanos{0};

  void add(std::int64_t elapsed_nanos, std::uint64_t times = 1) {
    total.fetch_add(times, std::memory_order_relaxed);
    nanos.fetch_add(elapsed_nanos > 0 ? static_cast<std::uint64_t>(elapsed_nanos) : 0, std::memory_order_relaxed);
  }
};

struct IndexCounters {
  TimedCounter indexed, deleted;  // documents
  std::atomic<std::uint64_t> index_failures{0};
  std::atomic<std::uint64_t> noop_updates{0};
  TimedCounter gets_found, gets_missing;
  TimedCounter queries, fetches, scrolls, points_in_time, suggestions;
  std::atomic<std::int64_t> open_scrolls{0}, open_points_in_time{0};
  TimedCounter refreshes, flushes;
  std::atomic<std::uint64_t> request_cache_hits{0}, request_cache_misses{0};

  // Operations that were applied together, in that time.
  void countWrites(std::span<const engine::Operation> operations, std::span<const engine::OperationOutcome> outcomes,
                   std::int64_t elapsed_nanos);
};

}  // namespace gyre::dialect
