#include "engine/query/query_parser.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/mapping/failure_cause.hpp"
#include "engine/query/distance_feature_query.hpp"
#include "engine/query/geo_query.hpp"
#include "engine/query/intervals_parser.hpp"
#include "engine/query/more_like_this_query.hpp"
#include "engine/query/query_profile.hpp"
#include "engine/query/span_parser.hpp"
#include "engine/suggest/string_distance.hpp"

namespace gyre::engine {

namespace {

struct Kind {
  std::string_view name;
  QueryParser parse;
};

constexpr Kind kKinds[] = {
    {"bool", parseBool},
    {"boosting", parseBoosting},
    {"constant_score", parseConstantScore},
    {"dis_max", parseDisMax},
    {"distance_feature", parseDistanceFeature},
    {"exists", parseExists},
    {"field_masking_span", parseSpanQuery},
    {"function_score", parseFunctionScore},
    {"fuzzy", parseFuzzy},
    {"geo_bounding_box", parseGeoBoundingBox},
    {"geo_distance", parseGeoDistance},
    {"ids", parseIds},
    {"intervals", parseIntervals},
    {"match", parseMatch},
    {"match_all", parseMatchAll},
    {"match_bool_prefix", parseMatchBoolPrefix},
    {"match_none", parseMatchNone},
    {"match_phrase", parseMatchPhrase},
    {"match_phrase_prefix", parseMatchPhrasePrefix},
    {"more_like_this", parseMoreLikeThis},
    {"multi_match", parseMultiMatch},
    {"nested", parseNested},
    {"prefix", parsePrefix},
    {"query_string", parseQueryString},
    {"range", parseRange},
    {"regexp", parseRegexp},
    {"simple_query_string", parseSimpleQueryString},
    {"span_containing", parseSpanQuery},
    {"span_field_masking", parseSpanQuery},
    {"span_first", parseSpanQuery},
    {"span_multi", parseSpanQuery},
    {"span_near", parseSpanQuery},
    {"span_not", parseSpanQuery},
    {"span_or", parseSpanQuery},
    {"span_term", parseSpanQuery},
    {"span_within", parseSpanQuery},
    {"term", parseTerm},
    {"terms", parseTerms},
    {"terms_set", parseTermsSet},
    {"wildcard", parseWildcard},
    {"wrapper", parseWrapper},
};

// The dialect has these; we do not.
constexpr std::string_view kNotSupported[] = {
    "common", "geo_polygon",  "geo_shape", "has_child", "has_parent", "hybrid",
    "knn",    "neural",       "parent_id", "percolate", "pinned",     "rank_feature",
    "script", "script_score", "shape",     "span_gap",  "template",   "xy_shape",
};

std::string bracketed(std::string_view kind) { return "[" + std::string(kind) + "]"; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// " did you mean [bool]?": the kinds that are more alike than not, the most alike first; "" for none.
std::string similarKinds(std::string_view name) {
  std::vector<std::pair<float, std::string_view>> similar;
  const auto look = [&](std::string_view known) {
    const float alike = likeness(StringDistance::kLevenshtein, name, known, 0);
    if (alike > 0.5f) similar.emplace_back(-alike, known);
  };
  for (const Kind& kind : kKinds) look(kind.name);
  for (const std::string_view kind : kNotSupported) look(kind);
  std::sort(similar.begin(), similar.end());
  std::string names;
  for (const auto& [alike, known] : similar) names += (names.empty() ? "" : ", ") + std::string(known);
  if (names.empty()) return {};
  return " did you mean " + std::string(similar.size() > 1 ? "any of " : "") + bracketed(names) + "?";
}

bool readInteger(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

// A plain specification, without "<": "3", "-2", "75%", "-25%".
bool countOf(std::string_view text, std::uint32_t clauses, std::int64_t& count) {
  const bool is_percentage = text.ends_with('%');
  if (is_percentage) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t number = 0;
  if (!readInteger(text, number) || std::abs(number) > 1'000'000) return false;
  if (is_percentage) number = number * static_cast<std::int64_t>(clauses) / 100;
  count = text.starts_with('-') ? static_cast<std::int64_t>(clauses) + number : number;
  return true;
}

}  // namespace

const Field* ParseContext::field(std::string_view path) const {
  const Field* const found = mapping.find(path);
  if (found != nullptr && found->type != FieldType::kFlatObject) return found;
  const Field* const flat = mapping.flatObjectAt(path);
  if (flat == nullptr) return found;
  Field leaves = mapping.fields()[flat->children[found == nullptr ? 1 : 0]];
  leaves.name = std::string(path);
  if (found == nullptr) leaves.term_prefix = leaves.name + kFlatPathEnd;
  return &made->emplace_back(std::move(leaves));
}

Status parsingException(std::string message) {
  return {Code::kInvalidArgument, "parsing_exception", std::move(message)};
}
Status queryShardException(std::string message) {
  return {Code::kInvalidArgument, "query_shard_exception", "failed to create query: " + std::move(message)};
}
Status illegalArgument(std::string message) {
  return {Code::kInvalidArgument, "illegal_argument_exception", std::move(message)};
}
Status unknownParameter(std::string_view kind, std::string_view parameter) {
  return parsingException(bracketed(kind) + " query does not support " + bracketed(parameter));
}

Status shardRefusal(std::string message) {
  return {Code::kInvalidArgument, "query_shard_exception", std::move(message)};
}
Status tooManyClauses() { return queryShardException("maxClauseCount is set to " + std::to_string(kMaxClauses)); }
Status expensiveRefusal(std::string_view kind) {
  return {Code::kInvalidArgument, "exception",
          bracketed(kind) + " queries cannot be executed when 'search.allow_expensive_queries' is set to false."};
}
std::string tokenName(json::Value value) {
  if (value.isObject()) return "START_OBJECT";
  if (value.isArray()) return "START_ARRAY";
  if (value.isString()) return "VALUE_STRING";
  if (value.isNumber()) return "VALUE_NUMBER";
  if (value.isBoolean()) return "VALUE_BOOLEAN";
  return "VALUE_NULL";
}

Status unknownField(std::string_view kind, std::string_view field) {
  return {Code::kInvalidArgument, "x_content_parse_exception", bracketed(kind) + " unknown field " + bracketed(field)};
}

Result<QueryPtr> parseQuery(json::Value clause, ParseContext& context) {
  if (!clause.isObject()) return parsingException("[_na] query malformed, must start with start_object");
  if (clause.size() == 0) return illegalArgument("query malformed, empty clause found");
  const json::Value body = *clause.begin();
  if (clause.size() > 1)
    return parsingException(bracketed(body.key()) + " malformed query, expected [END_OBJECT] but found [FIELD_NAME]");
  if (++context.depth > kMaxNesting)
    return illegalArgument("query is nested deeper than " + std::to_string(kMaxNesting) + " levels");
  const auto* const kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& known) { return known.name == body.key(); });
  if (kind == std::end(kKinds)) {
    const bool is_known =
        std::find(std::begin(kNotSupported), std::end(kNotSupported), body.key()) != std::end(kNotSupported);
    return parsingException(is_known ? bracketed(body.key()) + " query is not supported"
                                     : "unknown query " + bracketed(body.key()) + similarKinds(body.key()));
  }
  if (!body.isObject())
    return parsingException(bracketed(body.key()) + " query malformed, no start_object after query name");
  if (context.profile != nullptr) context.profile->begin();
  auto parsed = kind->parse(body, context);
  --context.depth;
  if (context.profile != nullptr && parsed.isOk()) return context.profile->end(kind->name, std::move(parsed).value());
  return parsed;
}

Result<bool> readCommon(std::string_view kind, json::Value member, CommonParameters& common) {
  if (member.key() == "boost") {
    GYRE_TRY_ASSIGN(common.boost, parseFloat(kind, member));
    if (common.boost < 0) {
      const Status refused = illegalArgument("negative [boost] are not allowed in " + bracketed(kind) +
                                             ", use a value between 0 and 1 to deboost");
      // Some kinds read their members in another way, which shows in what the refusal is called.
      const std::string failed = bracketed(kind) + " failed to parse field [boost]";
      if (kind == "match_all" || kind == "ids") return causedBy(parsingException(failed), refused);
      if (kind == "bool") return causedBy({Code::kInvalidArgument, "x_content_parse_exception", failed}, refused);
      return refused;
    }
    return true;
  }
  if (member.key() == "_name") {
    if (!member.isNull()) {
      GYRE_TRY_ASSIGN(common.name, parseScalarText(kind, member));
    }
    return true;
  }
  return false;
}

Result<QueryPtr> finishQuery(QueryPtr query, const CommonParameters& common, ParseContext& context) {
  if (!common.name.empty()) context.named.emplace_back(common.name, query.get());
  return query;
}

Result<float> parseFloat(std::string_view kind, json::Value value) {
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  float number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size() && std::isfinite(number)) return number;
  if (value.isString())
    return Status(Code::kInvalidArgument, "number_format_exception", "For input string: \"" + std::string(text) + "\"");
  return parsingException(bracketed(kind) + " " + bracketed(value.key()) + " must be a number, found " +
                          std::string(value.raw()));
}

Result<bool> parseBoolean(std::string_view kind, json::Value value) {
  if (value.isBoolean()) return value.boolean();
  if (value.string() == "true") return true;
  if (value.isString() && value.string() == "false") return false;
  return parsingException(bracketed(kind) + " " + bracketed(value.key()) + " must be true or false, found " +
                          std::string(value.raw()));
}

Result<std::int64_t> parseWhole(std::string_view kind, json::Value value) {
  std::int64_t number = 0;
  if (!readInteger(value.isString() ? value.string() : value.numberText(), number))
    return parsingException(bracketed(kind) + " " + bracketed(value.key()) + " must be a whole number, found " +
                            std::string(value.raw()));
  return number;
}

Result<std::string> parseScalarText(std::string_view kind, json::Value value) {
  if (value.isString()) return std::string(value.string());
  if (value.isNumber() || value.isBoolean()) return std::string(value.raw());
  if (value.isNull()) return illegalArgument("value cannot be null");
  return parsingException(bracketed(kind) + " expected a value for " + bracketed(value.key()) + ", found " +
                          std::string(json::kindName(value.kind())));
}

Result<json::Value> singleField(std::string_view kind, json::Value body) {
  if (body.size() == 0) {
    if (kind == "match") return parsingException("No text specified for text query");
    if (kind.starts_with("match_")) return illegalArgument(bracketed(kind) + " requires fieldName");
    return illegalArgument(kind == "fuzzy" ? "field name cannot be null or empty" : "field name is null or empty");
  }
  if (body.size() > 1) {
    auto second = body.begin();
    const std::string first((*second).key());
    ++second;
    return parsingException(bracketed(kind) + " query doesn't support multiple fields, found " + bracketed(first) +
                            " and " + bracketed((*second).key()));
  }
  return *body.begin();
}

Result<std::uint32_t> minimumShouldMatch(std::string_view text, std::uint32_t clauses) {
  const auto malformed = [&] { return queryShardException("For input string: \"" + std::string(text) + "\""); };
  std::int64_t count = clauses;
  std::string_view rest = trim(text);
  if (rest.find('<') == std::string_view::npos) {
    if (!countOf(rest, clauses, count)) return malformed();
  } else {
    // Conditions ascend; the last one whose bound is below the number of clauses holds, none means all.
    while (!rest.empty()) {
      const std::size_t space = rest.find(' ');
      const std::string_view condition = rest.substr(0, space);
      rest = space == std::string_view::npos ? std::string_view() : trim(rest.substr(space));
      const std::size_t less = condition.find('<');
      std::int64_t bound = 0;
      std::int64_t then = 0;
      if (less == std::string_view::npos || !readInteger(condition.substr(0, less), bound) ||
          !countOf(condition.substr(less + 1), clauses, then))
        return malformed();
      if (static_cast<std::int64_t>(clauses) <= bound) break;
      count = then;
    }
  }
  return static_cast<std::uint32_t>(std::max<std::int64_t>(count, 0));
}

}  // namespace gyre::engine
