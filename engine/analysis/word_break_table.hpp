// How does a character take part in words?
//
// The classes are those of Unicode's word-break property (UAX #29), refined where the dialect's tokenizer looks
// further: ideographs, hiragana, emoji and the scripts that need a dictionary are told apart.
//
// THREADS: constants.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gyre::engine {

// Numbered as tools/unicode_tables.pl writes them.
enum class WordBreak : std::uint8_t {
  kOther = 0,
  kLetter = 1,
  kHebrew = 2,
  kNumeric = 3,
  kKatakana = 4,
  kExtendNumLet = 5,  // _ and its like: part of a word beside letters and digits
  kMidLetter = 6,
  kMidNum = 7,
  kMidNumLet = 8,
  kSingleQuote = 9,
  kDoubleQuote = 10,
  kExtend = 11,    // combining marks and format characters: belong to what is before them
  kJoiner = 12,    // U+200D, the same and glues emoji
  kRegional = 13,  // two make a flag
  kComplex = 14,   // Thai, Lao, Khmer, Myanmar …: no spaces between words
  kHan = 15,
  kHiragana = 16,
  kEmoji = 17,
  kEmojiText = 18,   // an emoji only when a variation selector or keycap follows: # * © ® ™ 〰 〽
  kPictograph = 19,  // no token, but glued to an emoji by a joiner
};

namespace detail {
inline constexpr std::size_t kWordBreakBlock = 128;
inline constexpr std::uint8_t kLetterBit = 32;  // general category L
extern const std::uint8_t kWordBreakIndex[8704];
extern const std::uint8_t kWordBreakClasses[];

inline std::uint8_t wordBreakEntry(std::uint32_t code) {
  if (code > 0x10ffff) return 0;
  return kWordBreakClasses[kWordBreakIndex[code / kWordBreakBlock] * kWordBreakBlock + code % kWordBreakBlock];
}
}  // namespace detail

inline WordBreak wordBreakOf(std::uint32_t code) {
  return static_cast<WordBreak>(detail::wordBreakEntry(code) & (detail::kLetterBit - 1));
}
inline bool isLetter(std::uint32_t code) { return (detail::wordBreakEntry(code) & detail::kLetterBit) != 0; }

}  // namespace gyre::engine
