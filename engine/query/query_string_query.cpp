// query_string: a text in Lucene's query syntax.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/lucene_syntax.hpp"
#include "engine/query/match_query.hpp"
#include "engine/query/metadata_query.hpp"
#include "engine/query/string_query.hpp"

namespace gyre::engine {

namespace {

struct QueryStringRequest {
  CommonParameters common;
  std::string text;
  bool has_text = false;
  std::string default_field;
  std::vector<BoostedField> fields;
  bool has_lenient = false;
  StringQueryOptions options;
  MultiMatchType type = MultiMatchType::kBestFields;
  std::optional<float> tie_breaker;
  Fuzziness fuzziness;
  std::string quote_analyzer;
  std::string quote_suffix;
  std::string time_zone;
  std::uint32_t phrase_slop = 0;
  bool allows_leading_wildcard = true;
  bool escapes = false;
};

// The tree of the syntax as a query.
class QueryStringBuilder {
 public:
  QueryStringBuilder(const QueryStringRequest& request, BoostedFields fields, std::string own_field,
                     ParseContext& context)
      : request_(request), fields_(std::move(fields)), own_field_(std::move(own_field)), context_(context) {}

  // Null when nothing is left to ask.
  Result<QueryPtr> build(const SyntaxNode& node) {
    if (node.kind == SyntaxNode::Kind::kClauses && node.boost) {
      // What stands in boosted brackets.
      GYRE_TRY_ASSIGN(auto inner, build(*node.clauses.front().node));
      return inner == nullptr ? QueryPtr() : makeBoostQuery(std::move(inner), *node.boost);
    }
    if (node.kind == SyntaxNode::Kind::kClauses) return clauses(node);
    GYRE_TRY_ASSIGN(auto query, leaf(node));
    if (query != nullptr && node.boost) query = makeBoostQuery(std::move(query), *node.boost);
    return query;
  }

 private:
  Result<QueryPtr> clauses(const SyntaxNode& node) {
    BoolClauses all;
    std::size_t count = 0;
    const auto add = [&](Occur occur, QueryPtr query) -> Status {
      if (query == nullptr) return {};
      if (++count > kMaxClauses) return shardRefusal("Failed to parse query [" + request_.text + "]");
      (occur == Occur::kMust      ? all.must
       : occur == Occur::kMustNot ? all.must_not
                                  : all.should)
          .push_back(std::move(query));
      all.order += occur == Occur::kMust ? '+' : occur == Occur::kMustNot ? '-' : ' ';
      return {};
    };
    for (const SyntaxClause& clause : node.clauses) {
      if (clause.is_word_list) {
        GYRE_TRY_ASSIGN(auto words, wordClauses(*clause.node));
        if (words) {
          for (QueryPtr& word : *words) GYRE_TRY(add(clause.occur, std::move(word)));
          continue;
        }
      }
      GYRE_TRY_ASSIGN(auto query, build(*clause.node));
      GYRE_TRY(add(clause.occur, std::move(query)));
    }
    if (count == 0) return QueryPtr();
    return makeBoolQuery(std::move(all), 1);
  }

  // Where one field alone is asked, each of its words is a clause.
  Result<std::optional<std::vector<QueryPtr>>> wordClauses(const SyntaxNode& node) {
    std::optional<std::vector<QueryPtr>> none;
    const bool is_plain = request_.type == MultiMatchType::kBestFields ||
                          request_.type == MultiMatchType::kMostFields || request_.type == MultiMatchType::kCrossFields;
    if (!is_plain || node.text.starts_with('<') || node.text.starts_with('>')) return none;
    GYRE_TRY_ASSIGN(const auto fields, fieldsOf(node, false));
    if (fields.size() != 1 || fields.front().boost != 1) return none;
    return makeWordQueries(fields.front().path, node.text, request_.options.match, context_);
  }

  Result<BoostedFields> fieldsOf(const SyntaxNode& node, bool is_quoted) const {
    BoostedFields fields = fields_;
    if (node.field && !(*node.field == "*" && own_field_ == "*")) {
      GYRE_TRY_ASSIGN(fields, resolveFields({{*node.field, 1}}, context_));
    }
    if (is_quoted && !request_.quote_suffix.empty())
      for (BoostedField& field : fields)
        if (context_.mapping.find(field.path + request_.quote_suffix) != nullptr) field.path += request_.quote_suffix;
    return fields;
  }

  Result<QueryPtr> leaf(const SyntaxNode& node) {
    if (node.field && *node.field == "_exists_") return makeFieldExistsQuery(node.text, 1, context_);
    if (node.kind == SyntaxNode::Kind::kWildcard && node.text == "*") {
      const std::string actual = node.field.value_or(own_field_);
      if (actual == "*") return makeAllQuery(1);
      if (!actual.empty()) return makeFieldExistsQuery(actual, 1, context_);
    }
    GYRE_TRY_ASSIGN(const auto fields, fieldsOf(node, node.kind == SyntaxNode::Kind::kPhrase));
    if (fields.size() == 1 && isMetadataField(fields.front().path)) return metadata(node, fields.front().path);
    const bool is_mapped = std::any_of(fields.begin(), fields.end(), [this](const BoostedField& field) {
      return context_.field(field.path) != nullptr;
    });
    if (!is_mapped) return makeNoneQuery("unmapped field [" + node.field.value_or(own_field_) + "]");
    const StringQueryOptions& options = request_.options;
    switch (node.kind) {
      case SyntaxNode::Kind::kText: return text(node, fields);
      case SyntaxNode::Kind::kPhrase: return phrase(node, fields);
      case SyntaxNode::Kind::kPrefix: return makePrefixOver(fields, node.text, options, context_);
      case SyntaxNode::Kind::kWildcard:
        if (!request_.allows_leading_wildcard && (node.text.starts_with('*') || node.text.starts_with('?')))
          return shardRefusal("Failed to parse query [" + request_.text + "]");
        return makeWildcardOver(fields, node.text, options, context_);
      case SyntaxNode::Kind::kRegexp: return makeRegexpOver(fields, node.text, options, context_);
      case SyntaxNode::Kind::kFuzzy: {
        Fuzziness fuzziness = request_.fuzziness;
        if (node.number) fuzziness.fixed = static_cast<std::uint32_t>(std::min(2.0f, *node.number));
        return makeFuzzyOver(fields, node.text, fuzziness, options, context_);
      }
      case SyntaxNode::Kind::kRange: return range(node, fields);
      case SyntaxNode::Kind::kClauses: break;
    }
    return QueryPtr();
  }

  Result<QueryPtr> metadata(const SyntaxNode& node, const std::string& path) {
    switch (node.kind) {
      case SyntaxNode::Kind::kText:
      case SyntaxNode::Kind::kPhrase: return makeMetadataValuesQuery(path, {node.text}, 1, context_);
      case SyntaxNode::Kind::kPrefix: return makeMetadataPatternQuery("prefix", path, node.text, 1, false, context_);
      case SyntaxNode::Kind::kWildcard:
        return makeMetadataPatternQuery("wildcard", path, node.text, 1, false, context_);
      case SyntaxNode::Kind::kRegexp: return makeMetadataPatternQuery("regexp", path, node.text, 1, false, context_);
      case SyntaxNode::Kind::kRange: return makeFieldRangeQuery(path, rangeOf(node), context_);
      default: return shardRefusal("[" + path + "] cannot be asked for so");
    }
  }

  RangeRequest rangeOf(const SyntaxNode& node) const {
    RangeRequest range;
    if (node.low)
      range.ends.push_back({node.is_low_included ? RangeEnd::kGreaterOrEqual : RangeEnd::kGreater, *node.low});
    if (node.high) range.ends.push_back({node.is_high_included ? RangeEnd::kLessOrEqual : RangeEnd::kLess, *node.high});
    range.time_zone = request_.time_zone;
    return range;
  }

  Result<QueryPtr> range(const SyntaxNode& node, const BoostedFields& fields) {
    return makeRangeOver(fields, rangeOf(node), request_.options, context_);
  }

  // ">=5" is a range with one end.
  Result<QueryPtr> text(const SyntaxNode& node, const BoostedFields& fields) {
    const std::string& words = node.text;
    if (words.size() > 1 && (words.front() == '<' || words.front() == '>')) {
      const bool is_low = words.front() == '>';
      const bool is_included = words.size() > 2 && words[1] == '=';
      RangeRequest range;
      range.ends.push_back({is_low ? (is_included ? RangeEnd::kGreaterOrEqual : RangeEnd::kGreater)
                                   : (is_included ? RangeEnd::kLessOrEqual : RangeEnd::kLess),
                            words.substr(is_included ? 2 : 1)});
      range.time_zone = request_.time_zone;
      return makeRangeOver(fields, range, request_.options, context_);
    }
    MatchOptions options = request_.options.match;
    options.minimum_should_match.clear();
    return makeMultiMatchQuery(request_.type, fields, words, options, request_.tie_breaker, 1, context_);
  }

  Result<QueryPtr> phrase(const SyntaxNode& node, const BoostedFields& fields) {
    MatchOptions options = request_.options.match;
    options.minimum_should_match.clear();
    if (!request_.quote_analyzer.empty()) options.analyzer = request_.quote_analyzer;
    options.slop = node.number ? static_cast<std::uint32_t>(std::min(*node.number, 1e9f)) : request_.phrase_slop;
    return makeMultiMatchQuery(MultiMatchType::kPhrase, fields, node.text, options, request_.tie_breaker, 1, context_);
  }

  const QueryStringRequest& request_;
  BoostedFields fields_;
  std::string own_field_;  // the one default field, "*" for all; "" when several are named
  ParseContext& context_;
};

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("\\+-!():^[]\"{}~*?|&/").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

Status readOption(json::Value option, QueryStringRequest& request) {
  const std::string_view key = option.key();
  constexpr std::string_view kKind = "query_string";
  StringQueryOptions& options = request.options;
  const auto readText = [&](std::string& target) -> Status {
    if (option.isNull()) return {};
    GYRE_TRY_ASSIGN(target, parseScalarText(kKind, option));
    return {};
  };
  const auto readFlag = [&](bool& target) -> Status {
    GYRE_TRY_ASSIGN(target, parseBoolean(kKind, option));
    return {};
  };
  if (key == "fields") {
    GYRE_TRY_ASSIGN(request.fields, parseBoostedFields(kKind, option));
    return {};
  }
  if (option.isObject() || option.isArray())
    return parsingException("[query_string] query does not support [" + std::string(key) + "]");
  if (key == "query") {
    request.has_text = true;
    return readText(request.text);
  }
  if (key == "default_field") return readText(request.default_field);
  if (key == "default_operator") {
    GYRE_TRY_ASSIGN(options.match.is_and, parseOperatorIsAnd(option));
    return {};
  }
  if (key == "analyzer") return readText(options.match.analyzer);
  if (key == "quote_analyzer") return readText(request.quote_analyzer);
  if (key == "quote_field_suffix") return readText(request.quote_suffix);
  if (key == "allow_leading_wildcard") return readFlag(request.allows_leading_wildcard);
  if (key == "analyze_wildcard") return readFlag(options.analyzes_wildcards);
  if (key == "auto_generate_synonyms_phrase_query") return readFlag(options.match.makes_synonym_phrases);
  if (key == "fuzzy_transpositions") return readFlag(options.fuzzy_transpositions);
  if (key == "escape") return readFlag(request.escapes);
  if (key == "lenient") {
    request.has_lenient = !option.isNull();
    return option.isNull() ? Status() : readFlag(options.match.is_lenient);
  }
  if (key == "enable_position_increments") {
    bool keeps_gaps = true;
    GYRE_TRY(readFlag(keeps_gaps));
    return keeps_gaps ? Status()
                      : parsingException("[query_string] [enable_position_increments]: false is not supported");
  }
  if (key == "fuzziness") {
    GYRE_TRY_ASSIGN(const std::string text, parseScalarText(kKind, option));
    GYRE_TRY_ASSIGN(request.fuzziness, Fuzziness::parse(text));
    return {};
  }
  if (key == "fuzzy_rewrite") return readText(options.fuzzy_rewrite);
  if (key == "rewrite") return readText(options.rewrite);
  if (key == "minimum_should_match") return readText(options.match.minimum_should_match);
  if (key == "time_zone") return readText(request.time_zone);
  if (key == "tie_breaker") {
    GYRE_TRY_ASSIGN(request.tie_breaker, parseFloat(kKind, option));
    return {};
  }
  if (key == "type") {
    GYRE_TRY_ASSIGN(const std::string name, parseScalarText(kKind, option));
    GYRE_TRY_ASSIGN(request.type, parseMultiMatchType("multi_match", name));
    return {};
  }
  std::int64_t number = 0;
  const auto readNumber = [&]() -> Status {
    GYRE_TRY_ASSIGN(number, parseWhole(kKind, option));
    if (number < 0 || number > INT32_MAX)
      return illegalArgument("[query_string] [" + std::string(key) + "] is out of range: [" + std::to_string(number) +
                             "]");
    return {};
  };
  if (key == "fuzzy_prefix_length") {
    GYRE_TRY(readNumber());
    options.fuzzy_prefix_length = number;
  } else if (key == "fuzzy_max_expansions") {
    GYRE_TRY(readNumber());
    options.fuzzy_max_expansions = number;
  } else if (key == "phrase_slop") {
    GYRE_TRY(readNumber());
    request.phrase_slop = static_cast<std::uint32_t>(number);
  } else if (key == "max_determinized_states") {
    GYRE_TRY(readNumber());
    options.max_states = static_cast<std::uint32_t>(number);
  } else {
    return unknownParameter(kKind, key);
  }
  return {};
}

}  // namespace

Result<QueryPtr> parseQueryString(json::Value body, ParseContext& context) {
  QueryStringRequest request;
  request.options.match.kind = "query_string";
  request.options.match.is_zero_terms_null = true;
  for (const json::Value option : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("query_string", option, request.common));
    if (!is_common) GYRE_TRY(readOption(option, request));
  }
  if (!request.has_text) return parsingException("[query_string] must be provided with a [query]");
  if (!request.default_field.empty() && !request.fields.empty())
    return queryShardException(
        "Validation Failed: 1: [query_string] cannot use [fields] parameter in conjunction with [default_field];");
  std::vector<BoostedField> named = request.fields;
  std::string own_field;
  if (named.empty() && request.default_field.empty()) {
    GYRE_TRY_ASSIGN(named, defaultFields(context));
  } else if (named.empty()) {
    named = {{request.default_field, 1}};
  }
  if (request.fields.empty() && named.size() == 1) own_field = named.front().path;
  if (asksForAllFields(named)) own_field = "*";
  if (!request.has_lenient) request.options.match.is_lenient = asksForAllFields(named);
  request.options.tie_breaker = request.tie_breaker.value_or(tieBreakerOf(request.type));
  GYRE_TRY_ASSIGN(auto fields, resolveFields(named, context));
  if (request.escapes) request.text = escaped(request.text);
  auto syntax = parseLuceneSyntax(request.text, request.options.match.is_and);
  if (!syntax.isOk()) {
    // The dialect's reason names the query; what was wrong with it stands behind.
    return shardRefusal("Failed to parse query [" + request.text + "]");
  }
  QueryPtr query;
  if (*syntax != nullptr) {
    QueryStringBuilder builder(request, std::move(fields), std::move(own_field), context);
    GYRE_TRY_ASSIGN(query, builder.build(**syntax));
  }
  const std::string& minimum = request.options.match.minimum_should_match;
  if (query != nullptr && !minimum.empty()) GYRE_TRY(setMinimumShouldMatch(*query, minimum, Boosted::kEntered));
  if (query == nullptr) query = makeNoneQuery("empty query string");
  return finishQuery(makeBoostQuery(std::move(query), request.common.boost), request.common, context);
}

}  // namespace gyre::engine
