#include "engine/segment/term_table.hpp"

#define XXH_INLINE_ALL  // a call costs as much as hashing a word
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/codec/term_beginning.hpp"

namespace gyre::engine {

namespace {

template <class Word>
bool areEqualAtEnds(const char* a, const char* b, std::size_t size) {
  Word words[4];
  std::memcpy(&words[0], a, sizeof(Word));
  std::memcpy(&words[1], b, sizeof(Word));
  std::memcpy(&words[2], a + size - sizeof(Word), sizeof(Word));
  std::memcpy(&words[3], b + size - sizeof(Word), sizeof(Word));
  return ((words[0] ^ words[1]) | (words[2] ^ words[3])) == 0;
}

// Most terms are short, and comparing them costs less than calling for it.
bool areEqual(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size > 16) return std::memcmp(a.data(), b.data(), size) == 0;
  if (size >= 8) return areEqualAtEnds<std::uint64_t>(a.data(), b.data(), size);
  if (size >= 4) return areEqualAtEnds<std::uint32_t>(a.data(), b.data(), size);
  for (std::size_t i = 0; i < size; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

}  // namespace

std::uint64_t hashTerm(std::string_view term) { return XXH3_64bits(term.data(), term.size()); }

std::uint32_t TermTable::find(std::string_view wanted, std::uint64_t hash) const {
  if (slots_.empty()) return kNone;
  const std::size_t mask = slots_.size() - 1;
  const auto low = static_cast<std::uint32_t>(hash);
  for (std::size_t i = hash & mask; slots_[i].number != kNone; i = (i + 1) & mask)
    if (slots_[i].hash == low && areEqual(term(slots_[i].number), wanted)) return slots_[i].number;
  return kNone;
}

std::uint32_t TermTable::findNear(std::string_view wanted, std::uint64_t hash) const {
  if (near_.empty()) return kNone;
  const Near& near = near_[(hash >> 32) & (near_.size() - 1)];
  const bool is_it = near.hash == static_cast<std::uint32_t>(hash) && near.number != kNone &&
                     areEqual({near.bytes, near.size}, wanted);
  return is_it ? near.number : kNone;
}

std::uint32_t TermTable::intern(std::string_view wanted, std::uint64_t hash) {
  if (const std::uint32_t number = findNear(wanted, hash); number != kNone) return number;
  if (2 * (terms_.size() + 1) > slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  const auto low = static_cast<std::uint32_t>(hash);
  std::size_t i = hash & mask;
  for (; slots_[i].number != kNone; i = (i + 1) & mask) {
    const std::uint32_t number = slots_[i].number;
    if (slots_[i].hash != low || !areEqual(term(number), wanted)) continue;
    if (wanted.size() <= kNearBytes && !near_.empty()) {
      Near& near = nearOf(hash);
      near.hash = low;
      near.number = number;
      near.size = static_cast<std::uint32_t>(wanted.size());
      std::memcpy(near.bytes, wanted.data(), wanted.size());
    }
    return number;
  }
  slots_[i] = {low, size()};
  terms_.push_back({bytes_.size(), static_cast<std::uint32_t>(wanted.size()), 0});
  bytes_ += wanted;
  return slots_[i].number;
}

void TermTable::clear() {
  // Of a table much too large for them, clearing would cost more than growing again.
  if (slots_.size() > kFewestSlots && 16 * terms_.size() < slots_.size()) {
    slots_ = {};
    near_ = {};
  }
  std::fill(slots_.begin(), slots_.end(), Slot());
  for (Near& near : near_) near.number = kNone;
  terms_.clear();
  bytes_.clear();
}

void TermTable::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(std::max(kFewestSlots, old.size() * 2), {});
  if (near_.size() < kMostNear) near_.assign(slots_.size() / 4, {});
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.number == kNone) continue;
    std::size_t i = slot.hash & mask;
    while (slots_[i].number != kNone) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

void TermTable::sort(std::vector<std::uint32_t>& numbers) const {
  if (numbers.size() < 2) return;
  // Identifiers often begin alike ("payment-000123"), so the eight bytes compared as one number start where they
  // differ.
  const std::string_view first = term(numbers[0]);
  std::size_t shared = first.size();
  for (const std::uint32_t number : numbers) {
    const std::string_view each = term(number);
    const std::size_t limit = std::min(shared, each.size());
    shared = static_cast<std::size_t>(
        std::mismatch(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(limit), each.begin()).first -
        first.begin());
  }
  struct Key {
    std::uint64_t head;
    std::uint32_t number;
  };
  std::vector<Key> keys;
  keys.reserve(numbers.size());
  for (const std::uint32_t number : numbers) {
    keys.push_back({termBeginning(term(number).substr(shared)), number});
  }
  const auto is_before = [&](const Key& a, const Key& b) {
    return a.head != b.head ? a.head < b.head : term(a.number) < term(b.number);
  };
  // Many are laid out by their first two bytes first: what is left to sort are short runs, which lie in a cache.
  constexpr std::size_t kMany = 4096, kRuns = std::size_t{1} << 16;
  constexpr unsigned kRunShift = 48;
  if (keys.size() < kMany) {
    std::sort(keys.begin(), keys.end(), is_before);
    for (std::size_t i = 0; i < keys.size(); ++i) numbers[i] = keys[i].number;
    return;
  }
  std::vector<std::uint32_t> ends(kRuns, 0);
  for (const Key& key : keys) ++ends[key.head >> kRunShift];
  std::uint32_t all = 0;
  for (std::uint32_t& end : ends) all += std::exchange(end, all);
  std::vector<Key> laid_out(keys.size());
  for (const Key& key : keys) laid_out[ends[key.head >> kRunShift]++] = key;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends) {
    if (end - begin > 1) std::sort(laid_out.begin() + begin, laid_out.begin() + end, is_before);
    begin = end;
  }
  for (std::size_t i = 0; i < laid_out.size(); ++i) numbers[i] = laid_out[i].number;
}

}  // namespace gyre::engine
