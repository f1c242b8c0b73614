// Which number does this term have in the buffer? Terms are numbered as they come, and sorted only when frozen.
//
// Most occurrences are of few terms. Those stand a second time, with their bytes, in a table that fits a processor's
// nearest cache: one look instead of three.
//
// THREADS: one writer; reading beside it needs a lock. OWNS: the terms' bytes, in one run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::engine {

class TermTable {
 public:
  static constexpr std::uint32_t kNone = 0xffff'ffffu;

  // The number of a term, new or old. `hash` is hashTerm(term).
  std::uint32_t intern(std::string_view term, std::uint64_t hash);
  // Have the processor fetch, for an intern() soon: where such a term would be; then, of what stands there, what is
  // known of it; then its bytes. Each needs what the one before fetched.
  void fetchSlot(std::uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  void fetchTerm(std::uint64_t hash) const {
    if (const std::uint32_t number = numberAt(hash); number != kNone) __builtin_prefetch(&terms_[number]);
  }
  void fetchBytes(std::uint64_t hash) const {
    if (const std::uint32_t number = numberAt(hash); number != kNone)
      __builtin_prefetch(bytes_.data() + terms_[number].start);
  }
  // Of a term that came several times lately; kNone may be any other.
  std::uint32_t findNear(std::string_view term, std::uint64_t hash) const;
  // kNone when it was never interned.
  std::uint32_t find(std::string_view term, std::uint64_t hash) const;

  std::uint32_t size() const { return static_cast<std::uint32_t>(terms_.size()); }
  std::string_view term(std::uint32_t number) const {
    const Term& each = terms_[number];
    return {bytes_.data() + each.start, each.size};
  }
  // A number that the caller keeps beside the term; 0 at first.
  std::uint32_t& mark(std::uint32_t number) { return terms_[number].mark; }

  // The numbers for which `is_wanted` holds, by their terms' bytes.
  template <class Wanted>
  std::vector<std::uint32_t> sorted(Wanted&& is_wanted) const {
    std::vector<std::uint32_t> numbers;
    numbers.reserve(terms_.size());
    for (std::uint32_t number = 0; number < size(); ++number)
      if (is_wanted(number)) numbers.push_back(number);
    sort(numbers);
    return numbers;
  }

  // Forgets all terms and keeps the memory that as many again would need.
  void clear();

  // Held, whether terms need it or not.
  std::uint64_t memoryBytes() const {
    return bytes_.capacity() + terms_.capacity() * sizeof(Term) + slots_.capacity() * sizeof(Slot) +
           near_.capacity() * sizeof(Near);
  }
  // For the terms; what a clear() kept beyond them is not counted.
  std::uint64_t usedBytes() const {
    return bytes_.size() + terms_.size() * sizeof(Term) +
           std::min(slots_.size(), std::max<std::size_t>(kFewestSlots, 4 * terms_.size())) * sizeof(Slot) +
           std::min(near_.size(), terms_.size() / 2) * sizeof(Near);
  }

 private:
  static constexpr std::size_t kFewestSlots = 16;
  static constexpr std::size_t kMostNear = 1024;
  static constexpr std::size_t kNearBytes = 20;  // longer terms are not near

  struct Term {
    std::uint64_t start;
    std::uint32_t size;
    std::uint32_t mark;
  };
  struct Slot {
    std::uint32_t hash = 0;  // low half, whose lowest bits chose the slot
    std::uint32_t number = kNone;
  };
  struct alignas(32) Near {
    std::uint32_t hash = 0;  // low half; the high half chose the place
    std::uint32_t number = kNone;
    std::uint32_t size = 0;
    char bytes[kNearBytes];
  };
  Near& nearOf(std::uint64_t hash) { return near_[(hash >> 32) & (near_.size() - 1)]; }
  // In the first slot alone.
  std::uint32_t numberAt(std::uint64_t hash) const {
    return slots_.empty() ? kNone : slots_[hash & (slots_.size() - 1)].number;
  }
  void grow();
  void sort(std::vector<std::uint32_t>& numbers) const;

  std::string bytes_;
  std::vector<Term> terms_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<Near> near_;   // a power of two, or empty
};

std::uint64_t hashTerm(std::string_view term);

}  // namespace gyre::engine
