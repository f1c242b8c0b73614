// Which number has a thing? Numbers from 0 on, found by the hash of what they stand for.
//
// Open addressing: a number costs twelve bytes, no allocation of its own, and what it stands for is the owner's.
//
// THREADS: one writer, or any number of readers. OWNS: hashes only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace gyre {

class NumberTable {
 public:
  // The number whose hash this is and that `is_it` accepts.
  template <class IsIt>
  std::optional<std::uint32_t> find(std::uint64_t hash, const IsIt& is_it) const {
    if (slots_.empty()) return std::nullopt;
    for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == 0) return std::nullopt;
      const std::uint32_t number = slots_[at] - 1;
      if (hashes_[number] == static_cast<std::uint32_t>(hash >> 32) && is_it(number)) return number;
    }
  }
  // REQUIRES: find() gave nothing. Numbers are given from 0 on, at most 2^32-1 of them.
  std::uint32_t add(std::uint64_t hash) {
    const std::uint32_t number = static_cast<std::uint32_t>(hashes_.size());
    hashes_.push_back(static_cast<std::uint32_t>(hash >> 32));
    lows_.push_back(static_cast<std::uint32_t>(hash));
    if (hashes_.size() * 3 > slots_.size() * 2) {
      slots_.assign(std::max<std::size_t>(64, slots_.size() * 2), 0);
      for (std::uint32_t i = 0; i < number; ++i) place(std::uint64_t{hashes_[i]} << 32 | lows_[i], i);
    }
    place(hash, number);
    return number;
  }
  std::size_t bytes() const { return slots_.capacity() * 4 + hashes_.capacity() * 4 + lows_.capacity() * 4; }

 private:
  void place(std::uint64_t hash, std::uint32_t number) {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = number + 1;
  }

  std::vector<std::uint32_t> slots_;   // number + 1; 0 is free
  std::vector<std::uint32_t> hashes_;  // upper half, by number
  std::vector<std::uint32_t> lows_;    // lower half, for growing
};

}  // namespace gyre
