// prefix, wildcard and regexp: the queries whose value stands for many terms.
#include "engine/query/pattern_query.hpp"

#include <string>
#include <utility>

#include "engine/query/char_automaton.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/metadata_query.hpp"
#include "engine/query/multi_term_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/regexp_parser.hpp"

namespace gyre::engine {

namespace {

constexpr Rewrite kConstant{Rewrite::Kind::kConstant, 0};

struct PatternRequest {
  CommonParameters common;
  std::string path;
  std::string value;
  bool has_value = false;
  PatternOptions options;
};

Status readOption(std::string_view kind, json::Value option, PatternRequest& request) {
  const std::string_view key = option.key();
  GYRE_TRY_ASSIGN(const bool is_common, readCommon(kind, option, request.common));
  if (is_common) return {};
  if (key == "value" || (kind == "wildcard" && key == "wildcard")) {
    if (option.isNull()) return {};
    request.has_value = true;
    GYRE_TRY_ASSIGN(request.value, parseScalarText(kind, option));
  } else if (key == "case_insensitive") {
    GYRE_TRY_ASSIGN(request.options.folds_case, parseBoolean(kind, option));
  } else if (key == "rewrite") {
    if (!option.isNull()) {
      GYRE_TRY_ASSIGN(request.options.rewrite, parseScalarText(kind, option));
    }
  } else if (kind == "regexp" && key == "flags") {
    GYRE_TRY_ASSIGN(const std::string flags, parseScalarText(kind, option));
    GYRE_TRY_ASSIGN(request.options.regexp_flags, RegexpOptions::parseFlags(flags));
  } else if (kind == "regexp" && key == "flags_value") {
    GYRE_TRY_ASSIGN(const std::int64_t flags, parseWhole(kind, option));
    request.options.regexp_flags = static_cast<std::uint32_t>(flags) & RegexpOptions::kAll;
  } else if (kind == "regexp" && key == "max_determinized_states") {
    GYRE_TRY_ASSIGN(const std::int64_t states, parseWhole(kind, option));
    if (states < 0 || states > INT32_MAX)
      return illegalArgument("[regexp] [max_determinized_states] is out of range: [" + std::to_string(states) + "]");
    request.options.max_states = static_cast<std::uint32_t>(states);
  } else {
    return unknownParameter(kind, key);
  }
  return {};
}

Result<PatternRequest> readPattern(std::string_view kind, json::Value body) {
  PatternRequest request;
  GYRE_TRY_ASSIGN(const json::Value member, singleField(kind, body));
  request.path = member.key();
  if (member.isObject()) {
    for (const json::Value option : member) GYRE_TRY(readOption(kind, option, request));
  } else {
    GYRE_TRY_ASSIGN(request.value, parseScalarText(kind, member));
    request.has_value = true;
  }
  if (!request.has_value) return illegalArgument("value cannot be null");
  return request;
}

using Make = Result<QueryPtr> (*)(const Field& field, std::string value, const PatternOptions& options, float boost);

Result<QueryPtr> parsePattern(std::string_view kind, json::Value body, Make make, ParseContext& context) {
  GYRE_TRY_ASSIGN(auto request, readPattern(kind, body));
  if (!context.allows_expensive) {
    Status refusal = expensiveRefusal(kind);
    if (kind == "prefix")
      return Status(refusal.code(), std::string(refusal.reason()),
                    std::string(refusal.message()) +
                        " For optimised prefix queries on text fields please enable [index_prefixes].");
    return refusal;
  }
  if (isMetadataField(request.path)) {
    GYRE_TRY_ASSIGN(auto query, makeMetadataPatternQuery(kind, request.path, request.value, request.common.boost,
                                                         request.options.folds_case, context));
    return finishQuery(std::move(query), request.common, context);
  }
  const Field* const field = context.field(request.path);
  if (field == nullptr || field->type == FieldType::kObject)
    return finishQuery(makeNoneQuery("unknown field [" + request.path + "]"), request.common, context);
  request.options.max_length = static_cast<std::size_t>(context.limits.regex_length);
  GYRE_TRY_ASSIGN(auto query, make(*field, std::move(request.value), request.options, request.common.boost));
  return finishQuery(std::move(query), request.common, context);
}

// A pattern for the field's terms; a path that they begin with stands for itself.
std::string patternOf(const Field& field, std::string_view value, std::string_view special, bool is_regexp) {
  std::string pattern;
  for (const char c : field.term_prefix) {
    if (special.find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  const std::string own = termOf(field, value).substr(field.term_prefix.size());
  return is_regexp && !pattern.empty() ? pattern + "(" + own + ")" : pattern + own;
}

Status checkType(std::string_view kind, const Field& field) {
  if (field.type != FieldType::kKeyword && field.type != FieldType::kText)
    return shardRefusal("Can only use " + std::string(kind) + " queries on keyword and text fields - not on [" +
                        field.path + "] which is of type [" + std::string(typeName(field.type)) + "]");
  if (!field.is_indexed && !field.has_doc_values)
    return queryShardException("Cannot search on field [" + field.path + "] since it is not indexed.");
  return {};
}

}  // namespace

Result<QueryPtr> makeFieldPrefixQuery(const Field& field, std::string value, const PatternOptions& options,
                                      float boost) {
  GYRE_TRY(checkType("prefix", field));
  value = termOf(field, value);
  GYRE_TRY_ASSIGN(const Rewrite rewrite, Rewrite::parse(options.rewrite, kConstant));
  if (!options.folds_case && rewrite.kind == Rewrite::Kind::kConstant)
    return makePrefixQuery(field.path, std::move(value), boost);
  std::string description = field.path + ":" + value + "*";
  return makeAutomatonQuery(field.path, prefixAutomaton(value, options.folds_case), rewrite, std::move(description),
                            boost);
}

Result<QueryPtr> makeFieldWildcardQuery(const Field& field, std::string value, const PatternOptions& options,
                                        float boost) {
  GYRE_TRY(checkType("wildcard", field));
  value = patternOf(field, value, "*?\\", false);
  GYRE_TRY_ASSIGN(const Rewrite rewrite, Rewrite::parse(options.rewrite, kConstant));
  auto automaton = wildcardAutomaton(value, options.folds_case);
  if (!automaton) return queryShardException("Determinizing " + value + " would require more than 10000 effort.");
  std::string description = field.path + ":" + value;
  return makeAutomatonQuery(field.path, std::move(*automaton), rewrite, std::move(description), boost);
}

Result<QueryPtr> makeFieldRegexpQuery(const Field& field, std::string value, const PatternOptions& options,
                                      float boost) {
  GYRE_TRY(checkType("regexp", field));
  value = patternOf(field, value, ".?+*|{}[]()\"\\#@&<>~^$-", true);
  if (value.size() > options.max_length)
    return queryShardException("The length of regex [" + std::to_string(value.size()) +
                               "] used in the Regexp Query request has exceeded the allowed maximum of [" +
                               std::to_string(options.max_length) +
                               "]. This maximum can be set by changing the [index.max_regex_length] index level "
                               "setting.");
  GYRE_TRY_ASSIGN(const Rewrite rewrite, Rewrite::parse(options.rewrite, kConstant));
  RegexpOptions regexp;
  regexp.flags = options.regexp_flags;
  regexp.max_states = options.max_states;
  regexp.folds_case = options.folds_case;
  GYRE_TRY_ASSIGN(auto automaton, parseRegexp(value, regexp));
  std::string description = field.path + ":/" + value + "/";
  return makeAutomatonQuery(field.path, std::move(automaton), rewrite, std::move(description), boost);
}

Result<QueryPtr> makeFoldedTermQuery(const Field& field, std::string value, float boost) {
  if (field.type != FieldType::kKeyword && field.type != FieldType::kText)
    return shardRefusal("[" + field.path + "] field which is of type [" + std::string(typeName(field.type)) +
                        "], does not support case insensitive term queries");
  value = termOf(field, value);
  std::string description = field.path + ":" + value;
  return makeAutomatonQuery(field.path, wordAutomaton(value, true), kConstant, std::move(description), boost);
}

Result<QueryPtr> parsePrefix(json::Value body, ParseContext& context) {
  return parsePattern("prefix", body, makeFieldPrefixQuery, context);
}
Result<QueryPtr> parseWildcard(json::Value body, ParseContext& context) {
  return parsePattern("wildcard", body, makeFieldWildcardQuery, context);
}
Result<QueryPtr> parseRegexp(json::Value body, ParseContext& context) {
  return parsePattern("regexp", body, makeFieldRegexpQuery, context);
}

}  // namespace gyre::engine
