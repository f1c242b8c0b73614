// Has this been answered already, for what the index holds now?
//
// Answers are keyed by index generation and request, so a refresh makes every older answer unreachable: never stale. At most
// `lifetime_ms` old (the seed's five minutes), bounded in bytes (least recently used go first). Concurrent misses of one key
// run once: the first caller gets a Flight to complete, the others wait for its answer.
//
// THREADS: any; sharded locks. Waiters are called on the thread that completes the flight.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "gyre/status.hpp"

namespace gyre::bus {

struct CachedAnswer {
  std::string body;
  std::uint64_t sequence = 0;    // that the answer reflects
  std::uint64_t version = 0;     // of a get; 0 for searches
};

struct QueryCacheStats {
  std::uint64_t hits = 0, misses = 0, coalesced = 0, evictions = 0;
  std::uint64_t bytes = 0, entries = 0;
};

class QueryCache {
 public:
  struct Options {
    std::size_t bytes = 64u << 20;
    std::int64_t lifetime_ms = 300'000;
  };
  using Waiter = std::function<void(const Result<std::shared_ptr<const CachedAnswer>>&)>;

  QueryCache(Options options, const base::Clock& clock);
  ~QueryCache();

  // The answer for (generation, key), or null. Counts a hit when there is one, nothing when there is none.
  std::shared_ptr<const CachedAnswer> find(std::uint64_t generation, std::string_view key);

  enum class Joined : std::uint8_t {
    kHit,     // `waiter` was called with the answer
    kLeader,  // the caller must compute and call complete() exactly once; `waiter` will be called by it
    kWaiting  // somebody computes it; `waiter` will be called
  };
  Joined join(std::uint64_t generation, std::string_view key, Waiter waiter);
  // Stores a success (when its generation is still what the leader saw: `current_generation`), forgets a failure; calls all waiters.
  void complete(std::uint64_t generation, std::string_view key, Result<std::shared_ptr<const CachedAnswer>> answer,
                std::uint64_t current_generation);

  QueryCacheStats stats() const;

 private:
  class Shards;
  std::unique_ptr<Shards> shards_;
};

}  // namespace gyre::bus
