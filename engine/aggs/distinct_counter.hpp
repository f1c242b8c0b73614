// About how many different values were there?
//
// Exactly, up to a number of them; past it by HyperLogLog, whose error is about 1.04 / sqrt(registers). Values come as
// 64-bit hashes.
//
// THREADS: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gyre::engine {

class DistinctCounter {
 public:
  static constexpr std::uint32_t kDefaultThreshold = 3'000;
  static constexpr std::uint32_t kMaxThreshold = 40'000;
  // Asked for less, it still counts this many exactly: few registers err wildly, and save nothing.
  static constexpr std::uint32_t kMinThreshold = 256;

  explicit DistinctCounter(std::uint32_t threshold = kDefaultThreshold);

  void add(std::uint64_t hash) {
    if (!registers_.empty()) return observe(hash);
    addExact(hash);
  }
  std::uint64_t count() const;
  std::size_t memoryBytes() const { return slots_.capacity() * sizeof(std::uint64_t) + registers_.capacity(); }

  // Spreads a number over all bits.
  static std::uint64_t hash(std::uint64_t value) {
    value ^= value >> 30;
    value *= 0xbf58'476d'1ce4'e5b9u;
    value ^= value >> 27;
    value *= 0x94d0'49bb'1331'11ebu;
    return value ^ (value >> 31);
  }

 private:
  void addExact(std::uint64_t hash);
  void observe(std::uint64_t hash);
  void grow();

  std::uint32_t threshold_;
  int precision_;
  std::vector<std::uint64_t> slots_;  // open addressing; 0 is none
  std::uint32_t size_ = 0;
  bool has_zero_ = false;
  std::vector<std::uint8_t> registers_;  // empty while exact
};

}  // namespace gyre::engine
