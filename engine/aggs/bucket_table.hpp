// Which bucket of ours belongs to this value within that bucket of the parent?
//
// Buckets are numbered from 0 as they are first met; or, where values are few and empty buckets do no harm, a value's
// own number is that of its bucket, and nothing is looked up. While parents and values are few, a table answers with
// one load.
//
// THREADS: belongs to one aggregator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gyre::engine {

// 64-bit keys to numbers, by open addressing. Only grows.
class KeyMap {
 public:
  static constexpr std::uint32_t kAbsent = 0xffff'ffffu;
  // The number of the key, given `next` when it is new.
  std::uint32_t findOrAdd(std::uint64_t key, std::uint32_t next);
  std::uint32_t find(std::uint64_t key) const;
  std::size_t size() const { return size_; }
  std::size_t memoryBytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t number = kAbsent;
  };
  std::size_t slotOf(std::uint64_t key) const;
  void rehash();

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

class BucketTable {
 public:
  // kAhead: a single parent's buckets may be numbered before they are met, when there can be few.
  enum class Numbering : std::uint8_t { kAsMet, kAhead };
  explicit BucketTable(Numbering numbering = Numbering::kAsMet) : is_ahead_(numbering == Numbering::kAhead) {}
  // `ids` is one above the largest id there can be so far, 0 when that is not known.
  void setIds(std::uint32_t ids);

  // Those that no document reached included.
  std::uint32_t size() const { return static_cast<std::uint32_t>(parents_.size()); }
  std::uint32_t parent(std::uint32_t bucket) const { return parents_[bucket]; }
  std::uint32_t id(std::uint32_t bucket) const { return bucket_ids_[bucket]; }
  std::uint64_t count(std::uint32_t bucket) const;

  // Finds or adds the bucket of each (parent, id) and counts it. `parents` null means all 0. What it gives is valid
  // until the next call, and while `ids` is.
  const std::uint32_t* collect(const std::uint32_t* parents, std::uint32_t parent_count, const std::uint32_t* ids,
                               std::uint32_t size);
  // Buckets of one parent that a document reached, in the order of their numbers. Call only when nothing is collected
  // any more.
  std::span<const std::uint32_t> bucketsOf(std::uint32_t parent);
  std::size_t memoryBytes() const {
    return (table_.capacity() + parents_.capacity() + bucket_ids_.capacity() + grouped_.capacity() +
            found_.capacity()) *
               sizeof(std::uint32_t) +
           counts_.capacity() * sizeof(std::uint64_t) + map_.memoryBytes();
  }

 private:
  std::uint32_t add(std::uint32_t parent, std::uint32_t id);
  std::uint32_t findOrAdd(std::uint32_t parent, std::uint32_t id);
  void useMap();
  bool numberAhead();
  void findInTable(const std::uint32_t* parents, std::uint32_t parent_count, const std::uint32_t* ids,
                   std::uint32_t size);
  void countAll(const std::uint32_t* buckets, std::uint32_t size);

  static constexpr std::uint32_t kLanes = 4;  // see ExactSums
  bool is_ahead_;
  std::uint32_t ids_ = 0;
  std::uint32_t ahead_ = 0;  // ids of parent 0 below have buckets of the same number
  bool is_hashed_ = false;
  std::vector<std::uint32_t> table_;  // parent * ids_ + id; 0 is none, else the bucket plus 1
  KeyMap map_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint32_t> bucket_ids_;
  std::vector<std::uint64_t> counts_;   // bucket * kLanes + lane
  std::vector<std::uint32_t> found_;    // of the last collect()
  std::vector<std::uint32_t> grouped_;  // buckets by parent, once asked for
  std::vector<std::uint32_t> group_starts_;
};

}  // namespace gyre::engine
