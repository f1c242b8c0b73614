#include "engine/query/text_query.hpp"

#include <algorithm>
#include <utility>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/completion_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/metadata_query.hpp"
#include "engine/query/pattern_query.hpp"
#include "engine/query/phrase_query.hpp"

namespace gyre::engine {

namespace {

// Ways through the synonyms between two places; a query with more is refused rather than cut.
constexpr std::size_t kMaxPaths = 1'024;

// A stretch of the text between two places that every way through it passes.
struct Stretch {
  std::vector<std::string> terms;              // one word, or several that stand at the same place
  std::vector<std::vector<QueryToken>> paths;  // not empty: ways of several words
};

Status findPaths(const std::vector<QueryToken>& tokens, std::uint32_t from, std::uint32_t to,
                 std::vector<QueryToken>& way, std::vector<std::vector<QueryToken>>& paths) {
  if (from >= to) {
    if (paths.size() == kMaxPaths) return tooManyClauses();
    paths.push_back(way);
    return {};
  }
  bool has_token = false;
  for (const QueryToken& token : tokens) {
    if (token.position != from) continue;
    has_token = true;
    way.push_back(token);
    GYRE_TRY(findPaths(tokens, token.position + token.length, to, way, paths));
    way.pop_back();
  }
  // A removed word leaves a gap.
  return has_token ? Status() : findPaths(tokens, from + 1, to, way, paths);
}

// REQUIRES: tokens not empty, positions not descending.
Result<std::vector<Stretch>> stretchesOf(const std::vector<QueryToken>& tokens) {
  std::vector<Stretch> stretches;
  for (std::size_t i = 0; i < tokens.size();) {
    std::uint32_t end = tokens[i].position + tokens[i].length;
    std::size_t last = i + 1;
    bool has_side_path = tokens[i].length > 1;
    while (last < tokens.size() && tokens[last].position < end) {
      end = std::max(end, tokens[last].position + tokens[last].length);
      has_side_path = has_side_path || tokens[last].length > 1;
      ++last;
    }
    const std::vector<QueryToken> part(tokens.begin() + static_cast<std::ptrdiff_t>(i),
                                       tokens.begin() + static_cast<std::ptrdiff_t>(last));
    Stretch stretch;
    if (has_side_path) {
      std::vector<QueryToken> way;
      GYRE_TRY(findPaths(part, part.front().position, end, way, stretch.paths));
    } else {
      for (const QueryToken& token : part) stretch.terms.push_back(token.term);
    }
    stretches.push_back(std::move(stretch));
    i = last;
  }
  return stretches;
}

QueryPtr makeSynonymPath(const std::string& path, const std::vector<QueryToken>& way, bool is_phrase) {
  if (way.size() == 1) return makeTermQuery(path, way.front().term, 1);
  if (is_phrase) {
    std::vector<PhrasePlace> places;
    for (std::uint32_t i = 0; i < way.size(); ++i) places.push_back({{way[i].term}, i});
    return makePhraseQuery(path, std::move(places), 0, 1);
  }
  BoolClauses all;
  for (const QueryToken& token : way) all.must.push_back(makeTermQuery(path, token.term, 1));
  return makeBoolQuery(std::move(all), 1);
}

class FieldTextQuery {
 public:
  FieldTextQuery(const Field& field, const MatchOptions& options, float boost)
      : field_(field), options_(options), boost_(boost) {}

  Result<QueryPtr> make(TextKind kind, std::string_view text) const {
    if (!field_.is_indexed && !field_.has_doc_values)
      return queryShardException("Cannot search on field [" + field_.path + "] since it is not indexed.");
    if (kind == TextKind::kPhrasePrefix && field_.type != FieldType::kText) return refusePhrasePrefix();
    const bool is_phrase = kind == TextKind::kPhrase || kind == TextKind::kPhrasePrefix;
    GYRE_TRY_ASSIGN(const auto tokens, analyzeQueryText(field_, text, options_, is_phrase));
    if (tokens.empty()) return zeroTerms();
    switch (kind) {
      case TextKind::kWords:
      // A word is begun only where the text ends with it.
      case TextKind::kWordsPrefix: return words(tokens, kind == TextKind::kWordsPrefix && tokens.back().ends_text);
      case TextKind::kPhrase: return phrase(tokens);
      case TextKind::kPhrasePrefix: return phrasePrefix(tokens);
    }
    return zeroTerms();
  }

  Result<std::vector<QueryPtr>> wordQueries(std::string_view text) const {
    std::vector<QueryPtr> queries;
    GYRE_TRY_ASSIGN(const auto tokens, analyzeQueryText(field_, text, options_));
    if (tokens.empty()) return queries;
    GYRE_TRY_ASSIGN(const auto stretches, stretchesOf(tokens));
    for (const Stretch& stretch : stretches) {
      GYRE_TRY_ASSIGN(auto query, stretchQuery(stretch, false, 1));
      queries.push_back(std::move(query));
    }
    return queries;
  }

  Status refusePhrasePrefix() const {
    return queryShardException("Can only use phrase prefix queries on text fields - not on [" + field_.path +
                               "] which is of type [" + std::string(typeName(field_.type)) + "]");
  }

  Result<QueryPtr> zeroTerms() const {
    if (options_.is_zero_terms_null) return QueryPtr();
    return options_.is_zero_terms_all ? makeAllQuery(boost_)
                                      : makeNoneQuery("Matching no documents because no terms present");
  }

 private:
  Result<QueryPtr> words(const std::vector<QueryToken>& tokens, bool is_last_prefix) const {
    GYRE_TRY_ASSIGN(const auto stretches, stretchesOf(tokens));
    if (stretches.size() > kMaxClauses) return tooManyClauses();
    if (stretches.size() == 1) return stretchQuery(stretches.front(), is_last_prefix, boost_);
    BoolClauses clauses;
    for (const Stretch& stretch : stretches) {
      GYRE_TRY_ASSIGN(auto query, stretchQuery(stretch, is_last_prefix && &stretch == &stretches.back(), 1));
      (options_.is_and ? clauses.must : clauses.should).push_back(std::move(query));
    }
    // With "and" no clause is optional, and asking for one matches nothing.
    if (!options_.minimum_should_match.empty()) {
      GYRE_TRY_ASSIGN(
          clauses.minimum_should_match,
          minimumShouldMatch(options_.minimum_should_match, static_cast<std::uint32_t>(clauses.should.size())));
    }
    return makeBoolQuery(std::move(clauses), boost_);
  }

  Result<QueryPtr> stretchQuery(const Stretch& stretch, bool is_prefix, float boost) const {
    if (!stretch.paths.empty()) {
      BoolClauses any;
      for (const auto& way : stretch.paths)
        any.should.push_back(makeSynonymPath(field_.path, way, options_.makes_synonym_phrases));
      return makeBoolQuery(std::move(any), boost);
    }
    if (is_prefix) {
      PatternOptions pattern;
      pattern.rewrite = options_.prefix_rewrite;
      if (stretch.terms.size() == 1)
        return makeFieldPrefixQuery(field_, stretch.terms.front().substr(field_.term_prefix.size()), pattern, boost);
      BoolClauses any;
      for (const std::string& term : stretch.terms) {
        GYRE_TRY_ASSIGN(auto query, makeFieldPrefixQuery(field_, term, pattern, 1));
        any.should.push_back(std::move(query));
      }
      return makeBoolQuery(std::move(any), boost);
    }
    if (stretch.terms.size() == 1) return makeWordQuery(field_, stretch.terms.front(), options_, boost);
    return makeSynonymQuery(field_.path, stretch.terms, boost);
  }

  Result<QueryPtr> phrase(const std::vector<QueryToken>& tokens) const {
    if (isGraph(tokens)) return phraseOfPaths(tokens);
    auto places = placesOf(tokens);
    if (canAskShingles(places)) return shingledPhrase(places);
    if (places.size() == 1)
      return places.front().terms.size() == 1 ? makeTermQuery(field_.path, places.front().terms.front(), boost_)
                                              : makeSynonymQuery(field_.path, places.front().terms, boost_);
    if (field_.type == FieldType::kKeyword || field_.detail < IndexDetail::kPositions) return withoutPositions();
    if (!field_.is_scored)
      return makeConstantScoreQuery(makePhraseQuery(field_.path, std::move(places), options_.slop, 1), boost_);
    return makePhraseQuery(field_.path, std::move(places), options_.slop, boost_);
  }

  // A search_as_you_type knows neighbouring words as terms.
  bool canAskShingles(const std::vector<PhrasePlace>& places) const {
    if (field_.type_name != "search_as_you_type" || field_.is_hidden || options_.slop != 0) return false;
    const std::uint32_t first = places.front().position;
    for (std::uint32_t i = 0; i < places.size(); ++i)
      if (places[i].position != first + i || places[i].terms.size() > 1) return false;
    return places.size() > 1;
  }
  QueryPtr shingledPhrase(const std::vector<PhrasePlace>& words) const {
    const std::size_t size = std::min<std::size_t>(words.size(), field_.shingle_size);
    const std::string path = field_.path + "._" + std::to_string(size) + "gram";
    std::vector<PhrasePlace> places;
    for (std::size_t first = 0; first + size <= words.size(); ++first) {
      std::string shingle = words[first].terms.front();
      for (std::size_t i = 1; i < size; ++i) shingle.append(1, ' ').append(words[first + i].terms.front());
      places.push_back({{std::move(shingle)}, static_cast<std::uint32_t>(first)});
    }
    if (places.size() == 1) return makeTermQuery(path, places.front().terms.front(), boost_);
    return makePhraseQuery(path, std::move(places), 0, boost_);
  }

  // Whether a token spans several positions, so that others stand beside it.
  static bool isGraph(const std::vector<QueryToken>& tokens) {
    return std::any_of(tokens.begin(), tokens.end(), [](const QueryToken& token) { return token.length > 1; });
  }
  static Result<std::vector<std::vector<QueryToken>>> pathsOf(const std::vector<QueryToken>& tokens) {
    std::uint32_t end = 0;
    for (const QueryToken& token : tokens) end = std::max(end, token.position + token.length);
    std::vector<QueryToken> way;
    std::vector<std::vector<QueryToken>> paths;
    GYRE_TRY(findPaths(tokens, tokens.front().position, end, way, paths));
    return paths;
  }
  static std::vector<PhrasePlace> placesAlong(const std::vector<QueryToken>& path) {
    std::vector<PhrasePlace> places;
    for (std::uint32_t i = 0; i < path.size(); ++i) places.push_back({{path[i].term}, i});
    return places;
  }

  Result<QueryPtr> phraseOfPaths(const std::vector<QueryToken>& tokens) const {
    GYRE_TRY_ASSIGN(const auto paths, pathsOf(tokens));
    BoolClauses any;
    for (const auto& path : paths) {
      if (path.size() == 1) {
        any.should.push_back(makeTermQuery(field_.path, path.front().term, 1));
        continue;
      }
      any.should.push_back(makePhraseQuery(field_.path, placesAlong(path), options_.slop, 1));
    }
    return makeBoolQuery(std::move(any), boost_);
  }

  Result<QueryPtr> phrasePrefix(const std::vector<QueryToken>& tokens) const {
    if (options_.max_expansions < 0) return queryShardException("maxExpansions must be non-negative");
    const auto expansions = static_cast<std::uint32_t>(std::min<std::int64_t>(options_.max_expansions, kMaxClauses));
    if (expansions == 0) return makeNoneQuery("no expansions");
    // A word that the analyzer left out before the prefix is a place too.
    if (field_.detail < IndexDetail::kPositions && tokens.back().position > 0) return withoutPositions();
    if (!isGraph(tokens))
      return makePhrasePrefixQuery(field_.path, placesOf(tokens), options_.slop, expansions, boost_);
    // The last word of each way through the graph is a prefix.
    GYRE_TRY_ASSIGN(const auto paths, pathsOf(tokens));
    BoolClauses any;
    for (const auto& path : paths)
      any.should.push_back(makePhrasePrefixQuery(field_.path, placesAlong(path), options_.slop, expansions, 1));
    return makeBoolQuery(std::move(any), boost_);
  }

  Status withoutPositions() const {
    return queryShardException("field:[" + field_.path + "] was indexed without position data; cannot run PhraseQuery");
  }

  const Field& field_;
  const MatchOptions& options_;
  float boost_;
};

// A text against a number, date or boolean, read by an analyzer that the request names: each word is a value.
Result<QueryPtr> makeValueWords(const Field& field, bool is_phrase, std::string_view text, const MatchOptions& options,
                                float boost, std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const auto words, analyzeQueryText(field, text, options, is_phrase));
  if (words.empty()) {
    if (options.is_zero_terms_null) return QueryPtr();
    return options.is_zero_terms_all ? makeAllQuery(boost)
                                     : makeNoneQuery("Matching no documents because no terms present");
  }
  if (words.size() == 1) return makeValueQuery(field, words.front().term, boost, now_millis);
  if (is_phrase)
    return queryShardException("field:[" + field.path + "] was indexed without position data; cannot run PhraseQuery");
  if (words.size() > kMaxClauses) return tooManyClauses();
  BoolClauses clauses;
  for (const QueryToken& word : words) {
    auto query = makeValueQuery(field, word.term, 1, now_millis);
    if (!query.isOk() && !options.is_lenient) return query;
    (options.is_and ? clauses.must : clauses.should)
        .push_back(query.isOk() ? std::move(query).value() : makeNoneQuery("failed [" + field.path + "] query"));
  }
  if (!options.minimum_should_match.empty()) {
    GYRE_TRY_ASSIGN(
        clauses.minimum_should_match,
        minimumShouldMatch(options.minimum_should_match, static_cast<std::uint32_t>(clauses.should.size())));
  }
  return makeBoolQuery(std::move(clauses), boost);
}

Result<QueryPtr> makeStrictTextQuery(TextKind kind, std::string_view path, std::string_view text,
                                     const MatchOptions& options, float boost, const ParseContext& context) {
  if (isMetadataField(path)) return makeMetadataValuesQuery(path, {std::string(text)}, boost, context);
  const Field* const field = context.field(path);
  if (field == nullptr || field->type == FieldType::kObject)
    return makeNoneQuery("unmapped field [" + std::string(path) + "]");
  const FieldTextQuery maker(*field, options, boost);
  if (field->type == FieldType::kText || field->type == FieldType::kKeyword) return maker.make(kind, text);
  // A text against a number, date or boolean is one value.
  if (kind == TextKind::kPhrasePrefix) return maker.refusePhrasePrefix();
  if (options.fuzziness && kind != TextKind::kPhrase)
    return queryShardException("Can only use fuzzy queries on keyword and text fields - not on [" + field->path +
                               "] which is of type [" + std::string(typeName(field->type)) + "]");
  if (field->type == FieldType::kCompletion && options.analyzer.empty()) {
    const std::string key = completionKey(*field, text);
    if (key.empty()) return maker.zeroTerms();
    if (kind == TextKind::kWordsPrefix) return makeFieldPrefixQuery(*field, key, {}, boost);
    return makeValueQuery(*field, key, boost, context.now_millis);
  }
  if (!options.analyzer.empty())
    return makeValueWords(*field, kind == TextKind::kPhrase, text, options, boost, context.now_millis);
  return makeValueQuery(*field, text, boost, context.now_millis);
}

}  // namespace

const Analyzer* analyzerOf(const Field& field, const MatchOptions& options) {
  if (options.analyzer.empty()) return field.type == FieldType::kText ? field.search_analyzer : field.normalizer;
  return field.analysis == nullptr ? findAnalyzer(options.analyzer) : field.analysis->analyzer(options.analyzer);
}

Result<std::vector<QueryToken>> analyzeQueryText(const Field& field, std::string_view text, const MatchOptions& options,
                                                 bool is_phrase) {
  std::vector<QueryToken> tokens;
  // A keyword's text is one term.
  if (field.type != FieldType::kText && options.analyzer.empty()) {
    tokens.push_back({field.term_prefix + normalizeQueryText(field, text), 0, 1});
    return tokens;
  }
  const bool takes_quoted = is_phrase && options.analyzer.empty() && field.quote_analyzer != nullptr;
  const Analyzer* const analyzer = takes_quoted ? field.quote_analyzer : analyzerOf(field, options);
  if (analyzer == nullptr) return shardRefusal("[" + options.kind + "] analyzer [" + options.analyzer + "] not found");
  for (PositionedTerm& term : analyzeToPositions(*analyzer, text))
    tokens.push_back({std::move(term.text), term.position, term.length, term.ends_text});
  return tokens;
}

std::string normalizeQueryText(const Field& field, std::string_view text, std::string_view analyzer_name) {
  const Analyzer* analyzer = field.type == FieldType::kText ? field.search_analyzer : field.normalizer;
  if (!analyzer_name.empty())
    analyzer = field.analysis == nullptr ? findAnalyzer(analyzer_name) : field.analysis->analyzer(analyzer_name);
  return analyzer == nullptr ? std::string(text) : normalizeTerm(*analyzer, text);
}

std::vector<PhrasePlace> placesOf(const std::vector<QueryToken>& tokens) {
  std::vector<PhrasePlace> places;
  for (const QueryToken& token : tokens) {
    if (places.empty() || places.back().position != token.position) places.push_back({{}, token.position});
    auto& terms = places.back().terms;
    if (std::find(terms.begin(), terms.end(), token.term) == terms.end()) terms.push_back(token.term);
  }
  return places;
}

Result<QueryPtr> makeWordQuery(const Field& field, const std::string& term, const MatchOptions& options, float boost) {
  if (!options.fuzziness) return makeTermQuery(field.path, term, boost);
  const std::uint32_t fixed = countCharacters(field.term_prefix);
  const std::uint32_t edits = options.fuzziness->editsFor(countCharacters(term) - fixed);
  return makeCheckedFuzzyQuery(field.path, {term, edits, 0, options.has_transpositions}, options.prefix_length + fixed,
                               options.max_expansions, options.fuzzy_rewrite, boost);
}

Result<std::optional<std::vector<QueryPtr>>> makeWordQueries(std::string_view path, std::string_view text,
                                                             const MatchOptions& options, const ParseContext& context) {
  const Field* const field = context.field(path);
  if (field == nullptr || field->type != FieldType::kText || !field->is_indexed)
    return std::optional<std::vector<QueryPtr>>();
  GYRE_TRY_ASSIGN(auto queries, FieldTextQuery(*field, options, 1).wordQueries(text));
  return std::optional<std::vector<QueryPtr>>(std::move(queries));
}

Result<QueryPtr> makeTextQuery(TextKind kind, std::string_view path, std::string_view text, const MatchOptions& options,
                               float boost, const ParseContext& context) {
  auto query = makeStrictTextQuery(kind, path, text, options, boost, context);
  if (!query.isOk() && options.is_lenient && query.status().message().find("maxClauseCount") == std::string::npos)
    return makeNoneQuery("failed [" + std::string(path) + "] query, caused by " + std::string(query.status().reason()) +
                         ":[" + std::string(query.status().message()) + "]");
  return query;
}

}  // namespace gyre::engine
