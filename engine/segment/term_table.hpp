// Which number does this term have in the buffer? Terms are numbered as they come, and sorted only when frozen.
//
// THREADS: one writer; reading beside it needs a lock. OWNS: the terms' bytes, in one run.
#pragma once

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

  std::uint64_t memoryBytes() const {
    return bytes_.size() + terms_.size() * sizeof(Term) + slots_.size() * sizeof(Slot);
  }

 private:
  struct Term {
    std::uint64_t start;
    std::uint32_t size;
    std::uint32_t mark;
  };
  struct Slot {
    std::uint32_t hash = 0;  // low half, whose lowest bits chose the slot
    std::uint32_t number = kNone;
  };
  void grow();
  void sort(std::vector<std::uint32_t>& numbers) const;

  std::string bytes_;
  std::vector<Term> terms_;
  std::vector<Slot> slots_;  // a power of two, at most half full
};

std::uint64_t hashTerm(std::string_view term);

}  // namespace gyre::engine
