#include "engine/aggs/bucket_table.hpp"

#include <algorithm>

namespace gyre::engine {

namespace {
// Entries of the table, 4 bytes each.
constexpr std::uint64_t kMaxTable = 1u << 20;
// Ids that are numbered ahead: a day of minutes, a year of days, the terms of a few segments. Clearing a few numbers
// for each takes some microseconds.
constexpr std::uint32_t kMaxAhead = 2'048;

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
    const std::size_t rows = table_.size() / ids_;
    if (rows * ids <= kMaxTable) {
      std::vector<std::uint32_t> wider(rows * ids);
      for (std::size_t row = 0; row < rows; ++row)
        std::copy_n(table_.begin() + static_cast<std::ptrdiff_t>(row * ids_), ids_,
                    wider.begin() + static_cast<std::ptrdiff_t>(row * ids));
      table_ = std::move(wider);
    } else {
      useMap();
    }
  }
  ids_ = ids;
}

void BucketTable::useMap() {
  for (std::uint32_t bucket = 0; bucket < size(); ++bucket)
    map_.findOrAdd(std::uint64_t{parents_[bucket]} << 32 | bucket_ids_[bucket], bucket);
  table_ = {};
  is_hashed_ = true;
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

// True when every id of parent 0 is the number of its bucket.
bool BucketTable::numberAhead() {
  if (!is_ahead_ || is_hashed_ || ids_ > kMaxAhead) return false;
  if (ahead_ == ids_) return ids_ > 0;
  // Others have numbers that would be the next.
  if (size() != ahead_) return false;
  if (table_.size() < ids_) table_.resize(ids_);
  for (; ahead_ < ids_; ++ahead_) table_[ahead_] = add(0, ahead_) + 1;
  return true;
}

const std::uint32_t* BucketTable::collect(const std::uint32_t* parents, std::uint32_t parent_count,
                                          const std::uint32_t* ids, std::uint32_t size) {
  if (parents == nullptr && numberAhead()) {
    countAll(ids, size);
    return ids;
  }
  found_.resize(size);
  if (!is_hashed_ && (ids_ == 0 || std::uint64_t{parent_count} * ids_ > kMaxTable)) useMap();
  if (is_hashed_) {
    for (std::uint32_t i = 0; i < size; ++i) found_[i] = findOrAdd(parents == nullptr ? 0 : parents[i], ids[i]);
  } else {
    findInTable(parents, parent_count, ids, size);
  }
  countAll(found_.data(), size);
  return found_.data();
}

void BucketTable::findInTable(const std::uint32_t* parents, std::uint32_t parent_count, const std::uint32_t* ids,
                              std::uint32_t size) {
  if (table_.size() < std::size_t{parent_count} * ids_) table_.resize(std::size_t{parent_count} * ids_);
  std::uint32_t* const found = found_.data();
  std::uint32_t* const table = table_.data();
  const auto cellOf = [&](std::uint32_t i) -> std::uint32_t& {
    return table[(parents == nullptr ? 0 : std::size_t{parents[i]} * ids_) + ids[i]];
  };
  std::uint32_t unmet = 0;  // no branch while all are known, which is nearly always
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint32_t cell = cellOf(i);
    unmet += static_cast<std::uint32_t>(cell == 0);
    found[i] = cell - 1;
  }
  if (unmet == 0) return;
  for (std::uint32_t i = 0; i < size; ++i) {
    std::uint32_t& cell = cellOf(i);
    if (cell == 0) cell = add(parents == nullptr ? 0 : parents[i], ids[i]) + 1;
    found[i] = cell - 1;
  }
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
    std::vector<std::uint32_t> reached;
    reached.reserve(size());
    for (std::uint32_t bucket = 0; bucket < size(); ++bucket)
      if (bucket >= ahead_ || count(bucket) > 0) reached.push_back(bucket);
    for (const std::uint32_t bucket : reached) ++group_starts_[parents_[bucket] + 2];
    for (std::size_t p = 1; p < group_starts_.size(); ++p) group_starts_[p] += group_starts_[p - 1];
    grouped_.resize(reached.size());
    for (const std::uint32_t bucket : reached) grouped_[group_starts_[parents_[bucket] + 1]++] = bucket;
  }
  if (std::size_t{parent} + 2 >= group_starts_.size()) return {};
  return {grouped_.data() + group_starts_[parent], grouped_.data() + group_starts_[parent + 1]};
}

}  // namespace gyre::engine
