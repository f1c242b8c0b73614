// How are the matches of one window held, counted and walked?
//
// 64 words, a bit for each of the window's 4,096 documents. Bits of documents past the segment's end stay clear.
//
// THREADS: free functions on the caller's memory.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "engine/codec/count_ones.hpp"
#include "engine/codec/doc_id.hpp"

namespace gyre::engine {

using WindowBits = std::array<std::uint64_t, kWindowWords>;

constexpr std::uint32_t windowOf(DocId doc) { return doc / kWindowDocs; }
constexpr DocId windowBegin(std::uint32_t window) { return window * kWindowDocs; }
// Documents of this window in a segment of `doc_count`.
constexpr std::uint32_t windowSize(std::uint32_t window, std::uint32_t doc_count) {
  const DocId begin = windowBegin(window);
  return doc_count <= begin ? 0 : std::min(kWindowDocs, doc_count - begin);
}

inline void clearBits(std::uint64_t* bits) { std::fill_n(bits, kWindowWords, 0); }
// The first `count` bits set, the rest clear.
inline void fillBits(std::uint64_t* bits, std::uint32_t count) {
  const std::uint32_t whole = count / 64;
  std::fill_n(bits, whole, ~std::uint64_t{0});
  std::fill_n(bits + whole, kWindowWords - whole, 0);
  if (count % 64 != 0) bits[whole] = (std::uint64_t{1} << (count % 64)) - 1;
}
inline void setBit(std::uint64_t* bits, std::uint32_t i) { bits[i / 64] |= std::uint64_t{1} << (i % 64); }
inline void clearBit(std::uint64_t* bits, std::uint32_t i) { bits[i / 64] &= ~(std::uint64_t{1} << (i % 64)); }
inline bool testBit(const std::uint64_t* bits, std::uint32_t i) { return ((bits[i / 64] >> (i % 64)) & 1) != 0; }

inline void andBits(std::uint64_t* bits, const std::uint64_t* other) {
  for (std::uint32_t w = 0; w < kWindowWords; ++w) bits[w] &= other[w];
}
inline void orBits(std::uint64_t* bits, const std::uint64_t* other) {
  for (std::uint32_t w = 0; w < kWindowWords; ++w) bits[w] |= other[w];
}
inline void andNotBits(std::uint64_t* bits, const std::uint64_t* other) {
  for (std::uint32_t w = 0; w < kWindowWords; ++w) bits[w] &= ~other[w];
}
inline bool hasBits(const std::uint64_t* bits) {
  std::uint64_t any = 0;
  for (std::uint32_t w = 0; w < kWindowWords; ++w) any |= bits[w];
  return any != 0;
}
inline std::uint32_t countBits(const std::uint64_t* bits) {
  std::uint64_t count = 0;
  for (std::uint32_t w = 0; w < kWindowWords; ++w) count += countOnes(bits[w]);
  return static_cast<std::uint32_t>(count);
}

// Calls visit(i) for each set bit, ascending. visit may clear the bit it is given.
template <class Visit>
void forEachBit(const std::uint64_t* bits, Visit&& visit) {
  for (std::uint32_t w = 0; w < kWindowWords; ++w)
    for (std::uint64_t word = bits[w]; word != 0; word &= word - 1)
      visit(w * 64 + static_cast<std::uint32_t>(std::countr_zero(word)));
}

// The same for bits from `first` to `last`, both included.
template <class Visit>
void forEachBitIn(const std::uint64_t* bits, std::uint32_t first, std::uint32_t last, Visit&& visit) {
  for (std::uint32_t w = first / 64; w <= last / 64; ++w) {
    std::uint64_t word = bits[w];
    if (w == first / 64) word &= ~std::uint64_t{0} << (first % 64);
    if (w == last / 64) word &= ~std::uint64_t{0} >> (63 - last % 64);
    for (; word != 0; word &= word - 1) visit(w * 64 + static_cast<std::uint32_t>(std::countr_zero(word)));
  }
}

}  // namespace gyre::engine
