#include "server/bus/query_cache.hpp"

#include <algorithm>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace gyre::bus {
namespace {

constexpr std::size_t kMostShards = 16;
constexpr std::size_t kShardBytes = 1u << 20;  // a smaller shard could not hold a large answer
constexpr std::size_t kEntryOverhead = 256;    // list and hash nodes, the shared answer's block
constexpr std::int64_t kNanosPerMs = 1'000'000;

// Borrows its text: from the caller in a look-up, from the entry or flight it leads to in a table.
struct Key {
  std::uint64_t hash;
  std::uint64_t generation;
  std::string_view text;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const { return key.hash; }
};

Key makeKey(std::uint64_t generation, std::string_view text) {
  return {XXH3_64bits_withSeed(text.data(), text.size(), generation), generation, text};
}

using Answer = std::shared_ptr<const CachedAnswer>;

struct Entry {
  std::string text;
  Key key;  // of `text`
  Answer answer;
  std::int64_t expires_nanos;
  std::size_t bytes;
};

struct Flight {
  std::string text;
  std::vector<QueryCache::Waiter> waiters;
};

}  // namespace

class QueryCache::Shards {
 public:
  Shards(Options options, const base::Clock& clock)
      : clock_(clock),
        lifetime_nanos_(options.lifetime_ms * kNanosPerMs),
        shards_(std::clamp<std::size_t>(options.bytes / kShardBytes, 1, kMostShards)),
        shard_bytes_(options.bytes / shards_.size()) {}

  Answer find(std::uint64_t generation, std::string_view text) {
    const Key key = makeKey(generation, text);
    const std::int64_t now = clock_.monotonicNanos();
    Shard& shard = shardOf(key);
    const std::lock_guard lock(shard.mutex);
    return shard.find(key, now);
  }

  Joined join(std::uint64_t generation, std::string_view text, Waiter waiter) {
    const Key key = makeKey(generation, text);
    const std::int64_t now = clock_.monotonicNanos();
    Answer answer;
    {
      Shard& shard = shardOf(key);
      const std::lock_guard lock(shard.mutex);
      answer = shard.find(key, now);
      if (!answer) return shard.board(key, std::move(waiter));
    }
    waiter(answer);
    return Joined::kHit;
  }

  void complete(std::uint64_t generation, std::string_view text, const Result<Answer>& answer,
                std::uint64_t current_generation) {
    const Key key = makeKey(generation, text);
    const std::int64_t now = clock_.monotonicNanos();
    std::vector<Waiter> waiters;
    {
      Shard& shard = shardOf(key);
      const std::lock_guard lock(shard.mutex);
      waiters = shard.land(key);
      if (answer.isOk() && *answer && generation == current_generation)
        shard.store(key, *answer, now + lifetime_nanos_, shard_bytes_);
    }
    for (const Waiter& waiter : waiters) waiter(answer);
  }

  QueryCacheStats stats() const {
    QueryCacheStats sum;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      sum.hits += shard.counters.hits;
      sum.misses += shard.counters.misses;
      sum.coalesced += shard.counters.coalesced;
      sum.evictions += shard.counters.evictions;
      sum.bytes += shard.counters.bytes;
      sum.entries += shard.entries.size();
    }
    return sum;
  }

 private:
  // A cache line of its own: two threads on neighbouring shards do not disturb each other.
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::list<Entry> recent;  // first: used last
    std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> entries;
    std::unordered_map<Key, std::unique_ptr<Flight>, KeyHash> flights;
    QueryCacheStats counters;

    Answer find(const Key& key, std::int64_t now) {
      const auto found = entries.find(key);
      if (found == entries.end()) return nullptr;
      const std::list<Entry>::iterator entry = found->second;
      if (entry->expires_nanos <= now) {
        drop(entry);
        return nullptr;
      }
      recent.splice(recent.begin(), recent, entry);
      ++counters.hits;
      return entry->answer;
    }

    Joined board(const Key& key, Waiter waiter) {
      if (const auto found = flights.find(key); found != flights.end()) {
        found->second->waiters.push_back(std::move(waiter));
        ++counters.coalesced;
        return Joined::kWaiting;
      }
      auto flight = std::make_unique<Flight>();
      flight->text = key.text;
      flight->waiters.push_back(std::move(waiter));
      flights.emplace(Key{key.hash, key.generation, flight->text}, std::move(flight));
      ++counters.misses;
      return Joined::kLeader;
    }

    std::vector<Waiter> land(const Key& key) {
      const auto found = flights.find(key);
      if (found == flights.end()) return {};
      // Out of the table before it dies: the table's key borrows from it.
      const std::unique_ptr<Flight> flight = std::move(found->second);
      flights.erase(found);
      return std::move(flight->waiters);
    }

    void store(const Key& key, const Answer& answer, std::int64_t expires_nanos, std::size_t limit) {
      const std::size_t bytes = key.text.size() + answer->body.capacity() + kEntryOverhead;
      if (bytes > limit) return;
      if (const auto found = entries.find(key); found != entries.end()) drop(found->second);
      while (counters.bytes + bytes > limit) {
        drop(std::prev(recent.end()));
        ++counters.evictions;
      }
      recent.push_front({std::string(key.text), key, answer, expires_nanos, bytes});
      recent.front().key.text = recent.front().text;
      entries.emplace(recent.front().key, recent.begin());
      counters.bytes += bytes;
    }

    void drop(std::list<Entry>::iterator entry) {
      counters.bytes -= entry->bytes;
      entries.erase(entry->key);
      recent.erase(entry);
    }
  };

  // The hash's low bits choose the bucket inside a shard, so the shard is chosen by the high ones.
  Shard& shardOf(const Key& key) { return shards_[(key.hash >> 32) % shards_.size()]; }

  const base::Clock& clock_;
  const std::int64_t lifetime_nanos_;
  std::vector<Shard> shards_;
  const std::size_t shard_bytes_;
};

QueryCache::QueryCache(Options options, const base::Clock& clock) : shards_(std::make_unique<Shards>(options, clock)) {}

QueryCache::~QueryCache() = default;

std::shared_ptr<const CachedAnswer> QueryCache::find(std::uint64_t generation, std::string_view key) {
  return shards_->find(generation, key);
}

QueryCache::Joined QueryCache::join(std::uint64_t generation, std::string_view key, Waiter waiter) {
  return shards_->join(generation, key, std::move(waiter));
}

void QueryCache::complete(std::uint64_t generation, std::string_view key,
                          Result<std::shared_ptr<const CachedAnswer>> answer, std::uint64_t current_generation) {
  shards_->complete(generation, key, answer, current_generation);
}

QueryCacheStats QueryCache::stats() const { return shards_->stats(); }

}  // namespace gyre::bus
