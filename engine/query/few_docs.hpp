// What does a scorer whose scores are added up say about a few documents?
//
// Where other clauses leave a handful of a window's documents, what is done once a window for each of fifty spellings
// of a word (64 words of bits cleared, copied, counted) costs more than to look those documents up. So they are handed
// on as a list.
//
// THREADS: as query.hpp says.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "engine/query/window_bits.hpp"

namespace gyre::engine {

inline constexpr std::uint32_t kFewDocs = 64;

// The places in a window of the bits that are set, if those are no more than kFewDocs.
class FewDocs {
 public:
  explicit FewDocs(const std::uint64_t* bits) {
    for (std::uint32_t w = 0; w < kWindowWords; ++w) {
      for (std::uint64_t word = bits[w]; word != 0; word &= word - 1) {
        if (count_ == kFewDocs) {
          are_few_ = false;
          return;
        }
        places_[count_++] = static_cast<std::uint16_t>(w * 64 + static_cast<std::uint32_t>(std::countr_zero(word)));
      }
    }
  }
  bool areFew() const { return are_few_; }
  // REQUIRES: areFew(). Ascending.
  std::span<const std::uint16_t> places() const { return {places_.data(), count_}; }

 private:
  std::array<std::uint16_t, kFewDocs> places_;
  std::uint32_t count_ = 0;
  bool are_few_ = true;
};

class FewDocsScorer {
 public:
  virtual ~FewDocsScorer() = default;
  // Whether addFew may be called; it stays so.
  virtual bool takesFew() const { return true; }
  // Of documents at these places of the window, which ascend, sets the bits of those that match beside those that are
  // set, and adds their scores to `sums`. Counts as an evaluation of the window.
  virtual void addFew(std::uint32_t window, std::span<const std::uint16_t> places, std::uint64_t* bits,
                      double* sums) = 0;
};

}  // namespace gyre::engine
