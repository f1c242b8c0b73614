// match, match_bool_prefix, match_phrase, match_phrase_prefix: one text against one field.
#include "engine/query/match_query.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <utility>

namespace gyre::engine {

namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return result;
}

// What a kind takes besides query, boost and _name.
struct TextParser {
  std::string_view kind;
  TextKind text_kind;
  std::initializer_list<std::string_view> options;
};

Result<QueryPtr> parseText(const TextParser& parser, json::Value body, ParseContext& context) {
  GYRE_TRY_ASSIGN(const json::Value member, singleField(parser.kind, body));
  CommonParameters common;
  MatchOptions options;
  options.kind = parser.kind;
  std::string text;
  bool has_text = false;
  if (!member.isObject()) {
    if (!member.isNull()) {
      GYRE_TRY_ASSIGN(text, parseScalarText(parser.kind, member));
      has_text = true;
    }
  } else {
    for (const json::Value option : member) {
      GYRE_TRY_ASSIGN(const bool is_common, readCommon(parser.kind, option, common));
      if (is_common) continue;
      if (option.key() == "query") {
        if (option.isNull()) continue;
        GYRE_TRY_ASSIGN(text, parseScalarText(parser.kind, option));
        has_text = true;
        continue;
      }
      if (std::find(parser.options.begin(), parser.options.end(), option.key()) == parser.options.end())
        return unknownParameter(parser.kind, option.key());
      GYRE_TRY_ASSIGN(const bool is_known, readMatchOption(parser.kind, option, options));
      if (!is_known) return unknownParameter(parser.kind, option.key());
    }
  }
  if (!has_text)
    return parser.text_kind == TextKind::kWordsPrefix ? illegalArgument("[match_bool_prefix] requires query value")
                                                      : parsingException("No text specified for text query");
  GYRE_TRY_ASSIGN(auto query, makeTextQuery(parser.text_kind, member.key(), text, options, common.boost, context));
  return finishQuery(std::move(query), common, context);
}

}  // namespace

Result<bool> parseOperatorIsAnd(json::Value option) {
  const std::string name = upper(option.string());
  if (name != "OR" && name != "AND")
    return illegalArgument("No enum constant org.opensearch.index.query.Operator." + name);
  return name == "AND";
}

Result<bool> readMatchOption(std::string_view kind, json::Value option, MatchOptions& options) {
  const std::string_view key = option.key();
  // A null means that the option is not there.
  constexpr std::array<std::string_view, 13> kKeys{"operator",
                                                   "minimum_should_match",
                                                   "fuzziness",
                                                   "prefix_length",
                                                   "max_expansions",
                                                   "fuzzy_transpositions",
                                                   "zero_terms_query",
                                                   "lenient",
                                                   "analyzer",
                                                   "fuzzy_rewrite",
                                                   "slop",
                                                   "cutoff_frequency",
                                                   "auto_generate_synonyms_phrase_query"};
  if (option.isNull() && std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) return true;
  if (key == "operator") {
    GYRE_TRY_ASSIGN(options.is_and, parseOperatorIsAnd(option));
  } else if (key == "minimum_should_match") {
    GYRE_TRY_ASSIGN(options.minimum_should_match, parseScalarText(kind, option));
  } else if (key == "fuzziness") {
    GYRE_TRY_ASSIGN(const std::string text, parseScalarText(kind, option));
    GYRE_TRY_ASSIGN(options.fuzziness, Fuzziness::parse(text));
  } else if (key == "prefix_length") {
    GYRE_TRY_ASSIGN(options.prefix_length, parseWhole(kind, option));
    if (options.prefix_length < 0 || options.prefix_length > INT32_MAX)
      return illegalArgument("[" + std::string(kind) + "] requires prefix length to be non-negative.");
  } else if (key == "max_expansions") {
    GYRE_TRY_ASSIGN(options.max_expansions, parseWhole(kind, option));
    const bool may_be_zero = kind == "match_phrase_prefix";
    if (options.max_expansions < (may_be_zero ? 0 : 1) || options.max_expansions > INT32_MAX)
      return illegalArgument(may_be_zero ? "No negative maxExpansions allowed."
                                         : "[" + std::string(kind) + "] requires maxExpansions to be positive.");
  } else if (key == "fuzzy_transpositions") {
    GYRE_TRY_ASSIGN(options.has_transpositions, parseBoolean(kind, option));
  } else if (key == "fuzzy_rewrite") {
    GYRE_TRY_ASSIGN(options.fuzzy_rewrite, parseScalarText(kind, option));
  } else if (key == "zero_terms_query") {
    const std::string value = upper(option.string());
    if (value != "NONE" && value != "ALL")
      return parsingException("Unsupported zero_terms_query value [" + std::string(option.string()) + "]");
    options.is_zero_terms_all = value == "ALL";
  } else if (key == "lenient") {
    GYRE_TRY_ASSIGN(options.is_lenient, parseBoolean(kind, option));
  } else if (key == "analyzer") {
    GYRE_TRY_ASSIGN(options.analyzer, parseScalarText(kind, option));
  } else if (key == "slop") {
    GYRE_TRY_ASSIGN(const std::int64_t slop, parseWhole(kind, option));
    if (slop < 0) return illegalArgument("No negative slop allowed.");
    if (slop > INT32_MAX) return illegalArgument("[slop] is out of range: [" + std::to_string(slop) + "]");
    options.slop = static_cast<std::uint32_t>(slop);
  } else if (key == "auto_generate_synonyms_phrase_query") {
    GYRE_TRY_ASSIGN(options.makes_synonym_phrases, parseBoolean(kind, option));
  } else if (key == "cutoff_frequency") {
    return parsingException("[" + std::string(kind) + "] [cutoff_frequency] is not supported");
  } else {
    return false;
  }
  return true;
}

Result<QueryPtr> parseMatch(json::Value body, ParseContext& context) {
  const TextParser parser{"match",
                          TextKind::kWords,
                          {"operator", "minimum_should_match", "fuzziness", "prefix_length", "max_expansions",
                           "fuzzy_transpositions", "zero_terms_query", "lenient", "analyzer", "fuzzy_rewrite",
                           "cutoff_frequency", "auto_generate_synonyms_phrase_query"}};
  return parseText(parser, body, context);
}

Result<QueryPtr> parseMatchBoolPrefix(json::Value body, ParseContext& context) {
  const TextParser parser{"match_bool_prefix",
                          TextKind::kWordsPrefix,
                          {"operator", "minimum_should_match", "fuzziness", "prefix_length", "max_expansions",
                           "fuzzy_transpositions", "analyzer", "fuzzy_rewrite"}};
  return parseText(parser, body, context);
}

Result<QueryPtr> parseMatchPhrase(json::Value body, ParseContext& context) {
  return parseText({"match_phrase", TextKind::kPhrase, {"slop", "analyzer", "zero_terms_query"}}, body, context);
}

Result<QueryPtr> parseMatchPhrasePrefix(json::Value body, ParseContext& context) {
  return parseText(
      {"match_phrase_prefix", TextKind::kPhrasePrefix, {"slop", "analyzer", "zero_terms_query", "max_expansions"}},
      body, context);
}

}  // namespace gyre::engine
