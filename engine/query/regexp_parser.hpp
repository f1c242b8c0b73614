// Which texts does a regular expression of the dialect accept?
//
// Lucene's syntax: the whole term must match; | concatenation ? * + {n,m} . [a-z] [^a-z] ( ) "text" \d \s \w and their
// opposites, and, as flags allow, ~ complement, & intersection, # no text, @ any text, <1-9> a number.
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/query/char_automaton.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct RegexpOptions {
  static constexpr std::uint32_t kIntersection = 1;
  static constexpr std::uint32_t kComplement = 2;
  static constexpr std::uint32_t kEmpty = 4;
  static constexpr std::uint32_t kAnyString = 8;
  static constexpr std::uint32_t kInterval = 32;
  static constexpr std::uint32_t kAll = 0xff;

  std::uint32_t flags = kAll;
  std::uint32_t max_states = 10'000;  // max_determinized_states
  bool folds_case = false;

  // "INTERSECTION|COMPLEMENT", "ALL", "NONE".
  static Result<std::uint32_t> parseFlags(std::string_view text);
};

// query_shard_exception names what is wrong, or the limit that the pattern goes beyond.
Result<CharAutomaton> parseRegexp(std::string_view pattern, const RegexpOptions& options);

}  // namespace gyre::engine
