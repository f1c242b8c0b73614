// What does a text ask of one field? The query behind match, match_phrase, and each field of multi_match.
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/mapping/mapping.hpp"
#include "engine/query/fuzzy_query.hpp"
#include "engine/query/query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

struct MatchOptions {
  bool is_and = false;  // operator
  std::string minimum_should_match;
  std::optional<Fuzziness> fuzziness;
  std::uint32_t prefix_length = 0;
  std::uint32_t max_expansions = kDefaultExpansions;
  bool has_transpositions = true;
  bool is_zero_terms_all = false;
  bool is_lenient = false;
  std::string analyzer;  // "" for the field's
};

// Reads one option that match and multi_match share. False when it is none of them.
Result<bool> readMatchOption(std::string_view kind, json::Value option, MatchOptions& options);

Result<QueryPtr> makeMatchQuery(std::string_view path, std::string_view text, const MatchOptions& options, float boost,
                                const ParseContext& context);
Result<QueryPtr> makeMatchPhraseQuery(std::string_view path, std::string_view text, const MatchOptions& options,
                                      float boost, const ParseContext& context);

}  // namespace gyre::engine
