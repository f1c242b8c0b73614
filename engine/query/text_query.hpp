// What does a text ask of one field? The queries behind match, match_phrase, their prefix forms, and each field of the
// queries over several fields.
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "engine/query/fuzzy_query.hpp"
#include "engine/query/phrase_matcher.hpp"
#include "engine/query/query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

enum class TextKind : std::uint8_t { kWords, kWordsPrefix, kPhrase, kPhrasePrefix };

struct MatchOptions {
  std::string kind = "match";  // names the query in refusals
  bool is_and = false;         // operator
  std::string minimum_should_match;
  std::optional<Fuzziness> fuzziness;
  std::int64_t prefix_length = 0;
  std::int64_t max_expansions = kDefaultExpansions;  // of fuzzy words and of a phrase's last word
  std::string fuzzy_rewrite;
  bool has_transpositions = true;
  bool is_zero_terms_all = false;
  bool is_zero_terms_null = false;  // a text without terms is no clause at all: null is returned
  bool is_lenient = false;
  bool makes_synonym_phrases = true;  // a synonym of several words must stand as a phrase
  std::uint32_t slop = 0;
  std::string analyzer;        // "" for the field's
  std::string prefix_rewrite;  // of the last word of kWordsPrefix
};

// One token of the analysed text; one of several positions is a synonym of several words, or of one.
struct QueryToken {
  std::string term;
  std::uint32_t position = 0;
  std::uint32_t length = 1;
  bool ends_text = true;  // as PositionedTerm
};

// query_shard_exception when there is no such analyzer. `is_phrase`: by the field's analyzer for phrases.
Result<std::vector<QueryToken>> analyzeQueryText(const Field& field, std::string_view text, const MatchOptions& options,
                                                 bool is_phrase = false);
// The text as the field's terms are written, without cutting it into words: for prefixes, wildcards and ranges.
std::string normalizeQueryText(const Field& field, std::string_view text, std::string_view analyzer = "");
// What analyses the field's queries: fields that share it may be searched together. Null for terms as they stand.
const Analyzer* analyzerOf(const Field& field, const MatchOptions& options);

// With `is_lenient` a field that cannot take the text matches nothing. Null only with is_zero_terms_null.
Result<QueryPtr> makeTextQuery(TextKind kind, std::string_view path, std::string_view text, const MatchOptions& options,
                               float boost, const ParseContext& context);
// The words of a text field's text as clauses of their own; nothing when they cannot stand alone (the field is no
// text).
Result<std::optional<std::vector<QueryPtr>>> makeWordQueries(std::string_view path, std::string_view text,
                                                             const MatchOptions& options, const ParseContext& context);
// One term of the field as the options want it: fuzzy or as it stands.
Result<QueryPtr> makeWordQuery(const Field& field, const std::string& term, const MatchOptions& options, float boost);
// The places of a phrase of these tokens.
std::vector<PhrasePlace> placesOf(const std::vector<QueryToken>& tokens);

}  // namespace gyre::engine
