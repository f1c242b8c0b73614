#include "engine/query/match_query.hpp"

#include <utility>
#include <vector>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/phrase_query.hpp"

namespace gyre::engine {

namespace {

class TermCollector final : public TermSink {
 public:
  explicit TermCollector(std::vector<PhraseTerm>& terms) : terms_(terms) {}
  void term(std::string_view text, std::uint32_t position) override { terms_.push_back({std::string(text), position}); }

 private:
  std::vector<PhraseTerm>& terms_;
};

// A keyword's text is one term as it stands.
Result<std::vector<PhraseTerm>> analyze(const Field& field, std::string_view text, const std::string& analyzer_name,
                                        const Analyzer* own, const ParseContext& context) {
  std::vector<PhraseTerm> terms;
  if (field.type == FieldType::kKeyword && analyzer_name.empty()) {
    terms.push_back({field.normalizer == nullptr ? std::string(text) : normalizeTerm(*field.normalizer, text), 0});
    return terms;
  }
  const Analyzer* const analyzer = analyzer_name.empty() ? own : context.mapping.analysis().analyzer(analyzer_name);
  if (analyzer == nullptr) return queryShardException("analyzer [" + analyzer_name + "] not found");
  TermCollector collector(terms);
  analyzer->analyze(text, collector);
  if (terms.size() > kMaxClauses)
    return Status(Code::kInvalidArgument, "too_many_nested_clauses",
                  "Query contains too many nested clauses; maxClauseCount is set to " + std::to_string(kMaxClauses));
  return terms;
}

QueryPtr zeroTerms(const MatchOptions& options, float boost) {
  return options.is_zero_terms_all ? makeAllQuery(boost) : makeNoneQuery();
}

QueryPtr makeOneTerm(const std::string& path, const std::string& term, const MatchOptions& options, float boost) {
  if (!options.fuzziness) return makeTermQuery(path, term, boost);
  const std::uint32_t edits = options.fuzziness->editsFor(countCharacters(term));
  if (edits == 0) return makeTermQuery(path, term, boost);
  return makeFuzzyQuery(path, {term, edits, options.prefix_length, options.has_transpositions}, options.max_expansions,
                        boost);
}

// A text against a number, date or boolean is one value.
Result<QueryPtr> makeWholeValue(const Field& field, std::string_view text, const MatchOptions& options, float boost,
                                const ParseContext& context) {
  if (options.fuzziness) {
    if (options.is_lenient) return makeNoneQuery();
    return queryShardException("Can only use fuzzy queries on keyword and text fields - not on [" + field.path +
                               "] which is of type [" + std::string(typeName(field.type)) + "]");
  }
  auto query = makeValueQuery(field, text, boost, context.now_millis);
  if (!query.isOk() && options.is_lenient) return makeNoneQuery();
  return query;
}

Status refuse(std::string_view kind, std::string_view option, std::string_view value) {
  return illegalArgument("[" + std::string(kind) + "] [" + std::string(option) + "] does not take [" +
                         std::string(value) + "]");
}

}  // namespace

Result<bool> readMatchOption(std::string_view kind, json::Value option, MatchOptions& options) {
  const std::string_view key = option.key();
  if (key == "operator") {
    const std::string_view value = option.string();
    if (value != "or" && value != "and" && value != "OR" && value != "AND") return refuse(kind, key, option.raw());
    options.is_and = value == "and" || value == "AND";
  } else if (key == "minimum_should_match") {
    GYRE_TRY_ASSIGN(options.minimum_should_match, parseScalarText(kind, option));
  } else if (key == "fuzziness") {
    GYRE_TRY_ASSIGN(const std::string text, parseScalarText(kind, option));
    GYRE_TRY_ASSIGN(options.fuzziness, Fuzziness::parse(text));
  } else if (key == "prefix_length") {
    GYRE_TRY_ASSIGN(const std::int64_t length, parseWhole(kind, option));
    if (length < 0 || length > INT32_MAX)
      return illegalArgument("[" + std::string(kind) + "] requires prefix length to be non-negative.");
    options.prefix_length = static_cast<std::uint32_t>(length);
  } else if (key == "max_expansions") {
    GYRE_TRY_ASSIGN(const std::int64_t expansions, parseWhole(kind, option));
    if (expansions <= 0 || expansions > kMaxClauses)
      return illegalArgument("[" + std::string(kind) + "] requires maxExpansions to be positive and at most 1024.");
    options.max_expansions = static_cast<std::uint32_t>(expansions);
  } else if (key == "fuzzy_transpositions") {
    GYRE_TRY_ASSIGN(options.has_transpositions, parseBoolean(kind, option));
  } else if (key == "zero_terms_query") {
    const std::string_view value = option.string();
    if (value != "none" && value != "all" && value != "NONE" && value != "ALL") return refuse(kind, key, option.raw());
    options.is_zero_terms_all = value == "all" || value == "ALL";
  } else if (key == "lenient") {
    GYRE_TRY_ASSIGN(options.is_lenient, parseBoolean(kind, option));
  } else if (key == "analyzer") {
    if (!option.isString()) return refuse(kind, key, option.raw());
    options.analyzer = option.string();
  } else if (key == "auto_generate_synonyms_phrase_query") {
    // Without synonyms both values mean the same.
    GYRE_TRY_ASSIGN([[maybe_unused]] const bool is_asked, parseBoolean(kind, option));
  } else {
    return false;
  }
  return true;
}

Result<QueryPtr> makeMatchQuery(std::string_view path, std::string_view text, const MatchOptions& options, float boost,
                                const ParseContext& context) {
  const Field* const field = context.mapping.find(path);
  if (field == nullptr || field->type == FieldType::kObject) return makeNoneQuery();
  if (field->type != FieldType::kText && field->type != FieldType::kKeyword)
    return makeWholeValue(*field, text, options, boost, context);
  if (!field->is_indexed && !field->has_doc_values)
    return queryShardException("Cannot search on field [" + field->path + "] since it is not indexed.");
  GYRE_TRY_ASSIGN(const auto terms, analyze(*field, text, options.analyzer, field->search_analyzer, context));
  if (terms.empty()) return zeroTerms(options, boost);
  if (terms.size() == 1) return makeOneTerm(field->path, terms.front().term, options, boost);
  BoolClauses clauses;
  for (const PhraseTerm& term : terms)
    (options.is_and ? clauses.must : clauses.should).push_back(makeOneTerm(field->path, term.term, options, 1));
  if (!options.minimum_should_match.empty()) {
    // With "and" no clause is optional, and asking for one matches nothing.
    GYRE_TRY_ASSIGN(
        clauses.minimum_should_match,
        minimumShouldMatch("match", options.minimum_should_match, static_cast<std::uint32_t>(clauses.should.size())));
  }
  return makeBoolQuery(std::move(clauses), boost);
}

Result<QueryPtr> makeMatchPhraseQuery(std::string_view path, std::string_view text, const MatchOptions& options,
                                      float boost, const ParseContext& context) {
  const Field* const field = context.mapping.find(path);
  if (field == nullptr || field->type == FieldType::kObject) return makeNoneQuery();
  if (field->type != FieldType::kText && field->type != FieldType::kKeyword)
    return makeWholeValue(*field, text, options, boost, context);
  if (!field->is_indexed && !field->has_doc_values)
    return queryShardException("Cannot search on field [" + field->path + "] since it is not indexed.");
  GYRE_TRY_ASSIGN(auto terms, analyze(*field, text, options.analyzer, field->quote_analyzer, context));
  if (terms.empty()) return zeroTerms(options, boost);
  if (terms.size() == 1) return makeTermQuery(field->path, terms.front().term, boost);
  if (field->type == FieldType::kKeyword)
    return queryShardException("field:[" + field->path + "] was indexed without position data; cannot run PhraseQuery");
  return makePhraseQuery(field->path, std::move(terms), boost);
}

Result<QueryPtr> parseMatch(json::Value body, ParseContext& context) {
  GYRE_TRY_ASSIGN(const json::Value member, singleField("match", body));
  CommonParameters common;
  MatchOptions options;
  std::string text;
  bool has_text = false;
  if (!member.isObject()) {
    GYRE_TRY_ASSIGN(text, parseScalarText("match", member));
    has_text = true;
  } else {
    for (const json::Value option : member) {
      GYRE_TRY_ASSIGN(const bool is_common, readCommon("match", option, common));
      if (is_common) continue;
      if (option.key() == "query") {
        GYRE_TRY_ASSIGN(text, parseScalarText("match", option));
        has_text = true;
        continue;
      }
      GYRE_TRY_ASSIGN(const bool is_known, readMatchOption("match", option, options));
      if (!is_known) return unknownParameter("match", option.key());
    }
  }
  if (!has_text) return parsingException("No text specified for text query");
  GYRE_TRY_ASSIGN(auto query, makeMatchQuery(member.key(), text, options, common.boost, context));
  return finishQuery(std::move(query), common, context);
}

Result<QueryPtr> parseMatchPhrase(json::Value body, ParseContext& context) {
  GYRE_TRY_ASSIGN(const json::Value member, singleField("match_phrase", body));
  CommonParameters common;
  MatchOptions options;
  std::string text;
  bool has_text = false;
  if (!member.isObject()) {
    GYRE_TRY_ASSIGN(text, parseScalarText("match_phrase", member));
    has_text = true;
  } else {
    for (const json::Value option : member) {
      GYRE_TRY_ASSIGN(const bool is_common, readCommon("match_phrase", option, common));
      if (is_common) continue;
      if (option.key() == "query") {
        GYRE_TRY_ASSIGN(text, parseScalarText("match_phrase", option));
        has_text = true;
      } else if (option.key() == "slop") {
        GYRE_TRY_ASSIGN(const std::int64_t slop, parseWhole("match_phrase", option));
        if (slop != 0) return illegalArgument("[match_phrase] a slop other than 0 is not offered");
      } else if (option.key() == "analyzer" || option.key() == "zero_terms_query") {
        GYRE_TRY_ASSIGN([[maybe_unused]] const bool is_known, readMatchOption("match_phrase", option, options));
      } else {
        return unknownParameter("match_phrase", option.key());
      }
    }
  }
  if (!has_text) return parsingException("No text specified for text query");
  GYRE_TRY_ASSIGN(auto query, makeMatchPhraseQuery(member.key(), text, options, common.boost, context));
  return finishQuery(std::move(query), common, context);
}

}  // namespace gyre::engine
