// Which terms of a dictionary are within a few edits of a word?
//
// An edit inserts, removes or replaces a character (a code point), or swaps two neighbours. The dictionary is walked in
// order: terms share the distance rows of their common beginning, and a beginning that no ending can save is jumped
// over.
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/term_dictionary.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct FuzzyPattern {
  std::string word;
  std::uint32_t max_edits = 0;      // 0 to 2
  std::uint32_t prefix_length = 0;  // characters at the start that must be equal
  bool has_transpositions = true;   // false: a swap is two edits
};

struct FuzzyMatch {
  std::string_view term;
  std::uint32_t edits = 0;
  std::uint32_t length = 0;  // of the term, in characters
};

// In term order, until `visit` returns false.
void forEachFuzzyTerm(const TermDictionaryReader& terms, const FuzzyPattern& pattern,
                      const std::function<bool(const FuzzyMatch&, const TermCursor&)>& visit);

// "AUTO", "AUTO:3,6", 0, 1, 2: how many edits a word of so many characters may have.
struct Fuzziness {
  std::uint32_t one_edit_from = 3;  // characters
  std::uint32_t two_edits_from = 6;
  std::optional<std::uint32_t> fixed;

  static Result<Fuzziness> parse(std::string_view text);
  std::uint32_t editsFor(std::uint32_t characters) const;
};

std::uint32_t countCharacters(std::string_view text);

}  // namespace gyre::engine
