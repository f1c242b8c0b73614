// How does one piece of a query string look for its text in several fields?
//
// What query_string and simple_query_string share: each piece is asked of every field, and the answers are combined.
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/field_names.hpp"
#include "engine/query/multi_match_query.hpp"
#include "engine/query/range_query.hpp"
#include "engine/query/text_query.hpp"

namespace gyre::engine {

struct StringQueryOptions {
  MatchOptions match;  // with is_zero_terms_null
  float tie_breaker = 0;
  bool analyzes_wildcards = false;
  std::string rewrite;  // of prefixes, wildcards and regular expressions
  std::uint32_t max_states = 10'000;
  std::int64_t fuzzy_prefix_length = 0;
  std::int64_t fuzzy_max_expansions = kDefaultExpansions;
  std::string fuzzy_rewrite;
  bool fuzzy_transpositions = true;
};

using BoostedFields = std::vector<BoostedField>;

// All: null when nothing is left of the text. A field that cannot take it fails the query, or, with match.is_lenient,
// matches nothing.
Result<QueryPtr> makePrefixOver(const BoostedFields& fields, std::string_view prefix, const StringQueryOptions& options,
                                const ParseContext& context);
Result<QueryPtr> makeWildcardOver(const BoostedFields& fields, std::string_view pattern,
                                  const StringQueryOptions& options, const ParseContext& context);
Result<QueryPtr> makeRegexpOver(const BoostedFields& fields, std::string_view pattern,
                                const StringQueryOptions& options, const ParseContext& context);
// `fuzziness`: how many edits the word may have.
Result<QueryPtr> makeFuzzyOver(const BoostedFields& fields, std::string_view word, const Fuzziness& fuzziness,
                               const StringQueryOptions& options, const ParseContext& context);
Result<QueryPtr> makeRangeOver(const BoostedFields& fields, const RangeRequest& range,
                               const StringQueryOptions& options, const ParseContext& context);

}  // namespace gyre::engine
