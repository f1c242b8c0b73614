// Which entity states are asked for again? The committed states used last, bounded by their bytes.
//
// The writer puts what it has committed; a reader may add what it read from the file. A reader's snapshot may be older
// than a commit that happens meanwhile, so it takes a stamp before it reads, and its record is kept only when nothing
// was committed to the same shard since.
//
// THREADS: all methods from any thread; put() from the writer only.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "server/store/primary_store.hpp"

namespace gyre::store {

class StateCache {
 public:
  explicit StateCache(std::size_t bytes);

  // Copies the state into `found`; false when it is not here.
  bool find(std::string_view id, EntityRecord& found);
  void put(const EntityRecord& record);

  std::uint64_t stamp(std::string_view id);
  void putRead(const EntityRecord& record, std::uint64_t stamp);

  std::uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }
  std::uint64_t misses() const { return misses_.load(std::memory_order_relaxed); }
  std::size_t bytes();

 private:
  // Enough that the readers of a few cores seldom meet, few enough that a shard still holds large states.
  static constexpr std::size_t kShards = 16;

  using Records = std::list<EntityRecord>;  // used last in front
  struct Shard {
    std::mutex mutex;
    Records records;
    std::unordered_map<std::string_view, Records::iterator> by_id;  // keys live in the records
    std::size_t bytes = 0;
    std::uint64_t stamp = 0;  // commits seen
  };

  Shard& shardOf(std::string_view id);
  void putLocked(Shard& shard, const EntityRecord& record) const;

  const std::size_t shard_bytes_;
  std::array<Shard, kShards> shards_;
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> misses_{0};
};

}  // namespace gyre::store
