#include "engine/query/string_query.hpp"

#include <algorithm>
#include <utility>

#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/metadata_query.hpp"
#include "engine/query/pattern_query.hpp"

namespace gyre::engine {

namespace {

// Asks each mapped field, and combines the answers.
template <class Make>
Result<QueryPtr> overFields(const BoostedFields& fields, const StringQueryOptions& options, const ParseContext& context,
                            Make make) {
  std::vector<QueryPtr> queries;
  for (const BoostedField& name : fields) {
    const Field* const field = context.field(name.path);
    if (field == nullptr || field->type == FieldType::kObject) continue;
    Result<QueryPtr> query = make(*field);
    if (!query.isOk()) {
      if (!options.match.is_lenient) return query;
      query = makeNoneQuery("failed [" + name.path + "] query, caused by " + std::string(query.status().reason()) +
                            ":[" + std::string(query.status().message()) + "]");
    }
    if (*query != nullptr) queries.push_back(makeBoostQuery(std::move(*query), name.boost));
  }
  if (queries.empty()) return QueryPtr();
  return makeDisMaxQuery(std::move(queries), options.tie_breaker, 1);
}

bool hasTerms(const Field& field) { return field.type == FieldType::kText || field.type == FieldType::kKeyword; }

// The beginning of a text, cut into words as the field's are: all but the last stand as they are.
Result<QueryPtr> analyzedPrefix(const Field& field, std::string_view prefix, const StringQueryOptions& options) {
  PatternOptions pattern;
  pattern.rewrite = options.rewrite;
  GYRE_TRY_ASSIGN(const auto tokens, analyzeQueryText(field, prefix, options.match));
  if (tokens.empty()) return QueryPtr();
  BoolClauses clauses;
  for (const PhrasePlace& place : placesOf(tokens)) {
    const bool is_last = place.position == tokens.back().position;
    BoolClauses any;
    for (const std::string& term : place.terms) {
      if (!is_last) {
        any.should.push_back(makeTermQuery(field.path, term, 1));
        continue;
      }
      GYRE_TRY_ASSIGN(auto query, makeFieldPrefixQuery(field, term.substr(field.term_prefix.size()), pattern, 1));
      any.should.push_back(std::move(query));
    }
    QueryPtr query = any.should.size() == 1 ? std::move(any.should.front()) : makeBoolQuery(std::move(any), 1);
    (options.match.is_and ? clauses.must : clauses.should).push_back(std::move(query));
  }
  auto& only = options.match.is_and ? clauses.must : clauses.should;
  if (only.size() == 1) return std::move(only.front());
  return makeBoolQuery(std::move(clauses), 1);
}

}  // namespace

Result<QueryPtr> makePrefixOver(const BoostedFields& fields, std::string_view prefix, const StringQueryOptions& options,
                                const ParseContext& context) {
  return overFields(fields, options, context, [&](const Field& field) -> Result<QueryPtr> {
    if (options.analyzes_wildcards && hasTerms(field)) return analyzedPrefix(field, prefix, options);
    PatternOptions pattern;
    pattern.rewrite = options.rewrite;
    return makeFieldPrefixQuery(field, normalizeQueryText(field, prefix, options.match.analyzer), pattern, 1);
  });
}

Result<QueryPtr> makeWildcardOver(const BoostedFields& fields, std::string_view wildcard,
                                  const StringQueryOptions& options, const ParseContext& context) {
  return overFields(fields, options, context, [&](const Field& field) -> Result<QueryPtr> {
    if (wildcard == "*") return makeFieldExistsQuery(askedPath(field), 1, context);
    PatternOptions pattern;
    pattern.rewrite = options.rewrite;
    return makeFieldWildcardQuery(field, normalizeQueryText(field, wildcard, options.match.analyzer), pattern, 1);
  });
}

Result<QueryPtr> makeRegexpOver(const BoostedFields& fields, std::string_view regexp, const StringQueryOptions& options,
                                const ParseContext& context) {
  // Not even a lenient query may be longer.
  if (static_cast<std::int64_t>(regexp.size()) > context.limits.regex_length)
    return queryShardException("The length of regex [" + std::to_string(regexp.size()) +
                               "] used in the [query_string] has exceeded the allowed maximum of [" +
                               std::to_string(context.limits.regex_length) +
                               "]. This maximum can be set by changing the [index.max_regex_length] index level "
                               "setting.");
  return overFields(fields, options, context, [&](const Field& field) -> Result<QueryPtr> {
    PatternOptions pattern;
    pattern.rewrite = options.rewrite;
    pattern.max_states = options.max_states;
    pattern.max_length = static_cast<std::size_t>(context.limits.regex_length);
    return makeFieldRegexpQuery(field, normalizeQueryText(field, regexp, options.match.analyzer), pattern, 1);
  });
}

Result<QueryPtr> makeFuzzyOver(const BoostedFields& fields, std::string_view word, const Fuzziness& fuzziness,
                               const StringQueryOptions& options, const ParseContext& context) {
  return overFields(fields, options, context, [&](const Field& field) -> Result<QueryPtr> {
    if (!hasTerms(field))
      return illegalArgument("Can only use fuzzy queries on keyword and text fields - not on [" + field.path +
                             "] which is of type [" + std::string(typeName(field.type)) + "]");
    std::string term = normalizeQueryText(field, word, options.match.analyzer);
    const std::uint32_t edits = fuzziness.editsFor(countCharacters(term));
    term.insert(0, field.term_prefix);
    return makeCheckedFuzzyQuery(field.path, {std::move(term), edits, 0, options.fuzzy_transpositions},
                                 options.fuzzy_prefix_length + countCharacters(field.term_prefix),
                                 options.fuzzy_max_expansions, options.fuzzy_rewrite, 1);
  });
}

Result<QueryPtr> makeRangeOver(const BoostedFields& fields, const RangeRequest& range,
                               const StringQueryOptions& options, const ParseContext& context) {
  return overFields(fields, options, context, [&](const Field& field) -> Result<QueryPtr> {
    RangeRequest own = range;
    if (!isDate(field.type)) own.time_zone.clear();
    if (hasTerms(field))
      for (RangeRequest::End& end : own.ends) end.value = normalizeQueryText(field, end.value, options.match.analyzer);
    return makeFieldRangeQuery(askedPath(field), own, context);
  });
}

}  // namespace gyre::engine
