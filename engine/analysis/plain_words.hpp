// Which words does a chain of word_delimiter and lowercase filters leave as they are, but for their case?
//
// Nearly all: ASCII letters and digits without a change from lower to upper case within, which is told from the bytes.
//
// THREADS: free functions and values.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/analysis/token_filter.hpp"

namespace gyre::engine {

// What a filter does to plain words.
enum class PlainWords : std::uint8_t {
  kUnknown,      // anything
  kKept,         // nothing
  kKeptUnmixed,  // nothing to words of letters alone and of digits alone
};

// Of a word_delimiter or word_delimiter_graph filter; kUnknown for any other.
PlainWords plainWordsOf(const TokenFilter& filter);

// The kinds of a word's characters, as bits.
inline constexpr unsigned kPlainLower = 1, kPlainUpper = 2, kPlainDigit = 4, kNotPlain = 8;

// The kinds of all characters together, with kNotPlain when an upper case letter follows a lower case one, or there is
// anything but ASCII letters and digits, or nothing.
inline unsigned plainKinds(std::string_view word) {
  static constexpr std::array<std::uint8_t, 256> kKinds = [] {
    std::array<std::uint8_t, 256> kinds{};
    for (unsigned c = 0; c < 256; ++c)
      kinds[c] = c >= 'a' && c <= 'z'   ? kPlainLower
                 : c >= 'A' && c <= 'Z' ? kPlainUpper
                 : c >= '0' && c <= '9' ? kPlainDigit
                                        : kNotPlain;
    return kinds;
  }();
  if (word.empty()) return kNotPlain;
  unsigned all = 0, before = 0;
  for (const char c : word) {
    const unsigned kind = kKinds[static_cast<unsigned char>(c)];
    // Lower before upper: 1 in the bit above, where upper is 2.
    all |= kind | ((before << 1 & kind & kPlainUpper) << 2);
    before = kind;
  }
  return all;
}

}  // namespace gyre::engine
