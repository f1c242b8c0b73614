// Which terms of a dictionary may be a few edits from a word? Told from their letters, without reading the terms.
//
// A signature has a bit for each class of characters that a term has, and one for those it has twice. An edit takes one
// character away, or adds one, or both, and so changes at most two bits; a swap changes none.
//
// THREADS: immutable; made once by whoever asks first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/analysis/utf8.hpp"
#include "engine/codec/count_ones.hpp"

namespace gyre::engine {

// Letters have classes of their own; other characters share them.
inline std::uint64_t signatureOf(std::string_view term) {
  constexpr unsigned kClasses = 32;
  std::uint64_t signature = 0;
  for (std::size_t at = 0; at < term.size();) {
    const CodePoint c = decodeUtf8(term, at);
    at += c.size;
    const std::uint64_t once = std::uint64_t{1} << (c.value % kClasses);
    signature |= (signature & once) << kClasses | once;
  }
  return signature;
}

// Never false for terms that are within so many edits.
inline bool mayBeWithin(std::uint64_t a, std::uint64_t b, unsigned edits) { return countOnes(a ^ b) <= 2 * edits; }

// A dictionary that keeps signatures once somebody asks.
class SignedTerms {
 public:
  virtual ~SignedTerms() = default;
  // False when no term has from `shortest` to `longest` characters.
  virtual bool mayHaveLength(std::size_t shortest, std::size_t longest) const = 0;
  // By ordinal; empty when there are more than kMostSigned, which take 1 MB.
  static constexpr std::uint32_t kMostSigned = 1u << 17;
  virtual std::span<const std::uint64_t> signatures() const = 0;
};

}  // namespace gyre::engine
