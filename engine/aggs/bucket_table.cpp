#include "engine/aggs/bucket_table.hpp"

#include <algorithm>

namespace gyre::engine {

namespace {
// Entries of the table, 4 bytes each.
constexpr std::uint64_t kMaxTable = 1u << 20;

std::uint64_t mix(std::uint64_t key) {
  key ^= key >> 32;
  key *= 0x9e37'79b9'7f4a'7c15u;
  key ^= key >> 29;
  key *= 0xbf58'476d'1ce4'e5b9u;
  return key ^ (key >> 32);
}
}  // namespace

std::size_t KeyMap::slotOf(std::uint64_t key) const {
  std::size_t at = mix(key) & (slots_.size() - 1);
  while (slots_[at].number != kAbsent && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
  return at;
}

std::uint32_t KeyMap::find(std::uint64_t key) const { return slots_.empty() ? kAbsent : slots_[slotOf(key)].number; }

std::uint32_t KeyMap::findOrAdd(std::uint64_t key, std::uint32_t next) {
  if (size_ * 2 >= slots_.size()) rehash();
  Slot& slot = slots_[slotOf(key)];
  if (slot.number == kAbsent) {
    slot = {key, next};
    ++size_;
  }
  return slot.number;
}

void KeyMap::rehash() {
  std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old)
    if (slot.number != kAbsent) slots_[slotOf(slot.key)] = slot;
}

void BucketTable::setIds(std::uint32_t ids) {
  if (ids <= ids_) return;
  if (!is_hashed_ && !table_.empty()) {
    // Rows get longer: copy what there is.
    std::vector<std::uint32_t> wider;
    const std::size_t rows = table_.size() / ids_;
    if (rows * ids <= kMaxTable) {
      wider.resize(rows * ids);
      for (std::size_t row = 0; row < rows; ++row)
        std::copy_n(table_.begin() + static_cast<std::ptrdiff_t>(row * ids_), ids_,
                    wider.begin() + static_cast<std::ptrdiff_t>(row * ids));
    }
    table_ = std::move(wider);
    if (table_.empty()) {
      for (std::uint32_t bucket = 0; bucket < size(); ++bucket)
        map_.findOrAdd(std::uint64_t{parents_[bucket]} << 32 | bucket_ids_[bucket], bucket);
      is_hashed_ = true;
    }
  }
  ids_ = ids;
}

std::uint64_t BucketTable::count(std::uint32_t bucket) const {
  std::uint64_t count = 0;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) count += counts_[std::size_t{bucket} * kLanes + lane];
  return count;
}

std::uint32_t BucketTable::add(std::uint32_t parent, std::uint32_t id) {
  const std::uint32_t bucket = size();
  parents_.push_back(parent);
  bucket_ids_.push_back(id);
  counts_.resize(counts_.size() + kLanes);
  return bucket;
}

std::uint32_t BucketTable::findOrAdd(std::uint32_t parent, std::uint32_t id) {
  const std::uint32_t bucket = map_.findOrAdd(std::uint64_t{parent} << 32 | id, size());
  return bucket == size() ? add(parent, id) : bucket;
}

void BucketTable::collect(const std::uint32_t* parents, std::uint32_t parent_count, const std::uint32_t* ids,
                          std::uint32_t size, std::uint32_t* buckets) {
  if (!is_hashed_ && (ids_ == 0 || std::uint64_t{parent_count} * ids_ > kMaxTable)) {
    for (std::uint32_t bucket = 0; bucket < this->size(); ++bucket)
      map_.findOrAdd(std::uint64_t{parents_[bucket]} << 32 | bucket_ids_[bucket], bucket);
    table_ = {};
    is_hashed_ = true;
  }
  if (is_hashed_) {
    for (std::uint32_t i = 0; i < size; ++i) buckets[i] = findOrAdd(parents == nullptr ? 0 : parents[i], ids[i]);
    return countAll(buckets, size);
  }
  if (table_.size() < std::size_t{parent_count} * ids_) table_.resize(std::size_t{parent_count} * ids_);
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint32_t parent = parents == nullptr ? 0 : parents[i];
    std::uint32_t& cell = table_[std::size_t{parent} * ids_ + ids[i]];
    if (cell == 0) cell = add(parent, ids[i]) + 1;
    buckets[i] = cell - 1;
  }
  countAll(buckets, size);
}

void BucketTable::countAll(const std::uint32_t* buckets, std::uint32_t size) {
  std::uint64_t* const counts = counts_.data();
  std::uint32_t i = 0;
  for (; i + kLanes <= size; i += kLanes)
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) ++counts[std::size_t{buckets[i + lane]} * kLanes + lane];
  for (; i < size; ++i) ++counts[std::size_t{buckets[i]} * kLanes];
}

std::span<const std::uint32_t> BucketTable::bucketsOf(std::uint32_t parent) {
  if (group_starts_.empty()) {
    std::uint32_t parent_count = 0;
    for (const std::uint32_t one : parents_) parent_count = std::max(parent_count, one + 1);
    group_starts_.assign(parent_count + 2, 0);
    for (const std::uint32_t one : parents_) ++group_starts_[one + 2];
    for (std::size_t p = 1; p < group_starts_.size(); ++p) group_starts_[p] += group_starts_[p - 1];
    grouped_.resize(parents_.size());
    for (std::uint32_t bucket = 0; bucket < size(); ++bucket) grouped_[group_starts_[parents_[bucket] + 1]++] = bucket;
  }
  if (std::size_t{parent} + 2 >= group_starts_.size()) return {};
  return {grouped_.data() + group_starts_[parent], grouped_.data() + group_starts_[parent + 1]};
}

}  // namespace gyre::engine
