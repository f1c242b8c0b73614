// What has been done with an index since it was opened? Counted where it happens, shown by _stats and _cat.
//
// THREADS: free; counters are independent of each other. Groups take a lock of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>

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

// Searches by the names that they gave themselves ("stats"). Names beyond the bound are not counted.
class GroupCounters {
 public:
  static constexpr std::size_t kMaxGroups = 1000;
  struct Counts {
    std::uint64_t queries = 0, query_nanos = 0, fetches = 0, fetch_nanos = 0;

    void add(const Counts& other);
  };

  void add(std::span<const std::string> groups, const Counts& search);
  std::map<std::string, Counts, std::less<>> read() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Counts, std::less<>> counts_;
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
  GroupCounters groups;

  // Operations that were applied together, in that time.
  void countWrites(std::span<const engine::Operation> operations, std::span<const engine::OperationOutcome> outcomes,
                   std::int64_t elapsed_nanos);
};

}  // namespace gyre::dialect
