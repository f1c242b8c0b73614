// multi_match: one text against several fields.
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/match_query.hpp"

namespace gyre::engine {

namespace {

enum class Type : std::uint8_t { kBestFields, kMostFields, kPhrase };

struct BoostedField {
  std::string path;
  float boost = 1;
};

struct MultiMatch {
  CommonParameters common;
  MatchOptions options;
  std::string text;
  bool has_text = false;
  std::vector<BoostedField> fields;
  Type type = Type::kBestFields;
  std::optional<float> tie_breaker;
};

// "description^2".
Result<BoostedField> parseField(json::Value value) {
  if (!value.isString()) return parsingException("[multi_match] [fields] must be strings");
  const std::string_view text = value.string();
  const std::size_t caret = text.rfind('^');
  BoostedField field{std::string(text.substr(0, caret)), 1};
  if (caret != std::string_view::npos) {
    const std::string_view boost = text.substr(caret + 1);
    const auto [end, error] = std::from_chars(boost.data(), boost.data() + boost.size(), field.boost);
    if (boost.empty() || error != std::errc() || end != boost.data() + boost.size() || !(field.boost >= 0))
      return illegalArgument("[multi_match] the boost of field [" + std::string(text) + "] is no number from 0");
  }
  if (field.path.find('*') != std::string::npos)
    return illegalArgument("[multi_match] wildcards in field names are not offered: [" + field.path + "]");
  return field;
}

Result<Type> parseType(json::Value value) {
  if (value.string() == "best_fields") return Type::kBestFields;
  if (value.string() == "most_fields") return Type::kMostFields;
  if (value.string() == "phrase") return Type::kPhrase;
  for (const std::string_view known : {"cross_fields", "phrase_prefix", "bool_prefix"})
    if (value.string() == known)
      return illegalArgument("[multi_match] type [" + std::string(known) + "] is not offered");
  return parsingException("failed to parse [multi_match] query type [" + std::string(value.raw()) + "]. unknown type.");
}

Status readMultiMatch(json::Value body, MultiMatch& request) {
  for (const json::Value option : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("multi_match", option, request.common));
    if (is_common) continue;
    if (option.key() == "query") {
      GYRE_TRY_ASSIGN(request.text, parseScalarText("multi_match", option));
      request.has_text = true;
    } else if (option.key() == "fields") {
      if (option.isString()) {
        GYRE_TRY_ASSIGN(auto field, parseField(option));
        request.fields.push_back(std::move(field));
      }
      for (const json::Value element : option) {
        GYRE_TRY_ASSIGN(auto field, parseField(element));
        request.fields.push_back(std::move(field));
      }
    } else if (option.key() == "type") {
      GYRE_TRY_ASSIGN(request.type, parseType(option));
    } else if (option.key() == "tie_breaker") {
      GYRE_TRY_ASSIGN(request.tie_breaker, parseFloat("multi_match", option));
    } else if (option.key() == "slop") {
      GYRE_TRY_ASSIGN(const std::int64_t slop, parseWhole("multi_match", option));
      if (slop != 0) return illegalArgument("[multi_match] a slop other than 0 is not offered");
    } else {
      GYRE_TRY_ASSIGN(const bool is_known, readMatchOption("multi_match", option, request.options));
      if (!is_known) return unknownParameter("multi_match", option.key());
    }
  }
  if (!request.has_text) return parsingException("No text specified for multi_match query");
  if (request.fields.empty()) return illegalArgument("[multi_match] requires [fields]");
  if (request.type == Type::kPhrase && request.options.fuzziness)
    return parsingException("Fuzziness not allowed for type [phrase]");
  return {};
}

}  // namespace

Result<QueryPtr> parseMultiMatch(json::Value body, ParseContext& context) {
  MultiMatch request;
  GYRE_TRY(readMultiMatch(body, request));
  std::vector<QueryPtr> queries;
  for (const BoostedField& field : request.fields) {
    const auto make = request.type == Type::kPhrase ? makeMatchPhraseQuery : makeMatchQuery;
    GYRE_TRY_ASSIGN(auto query, make(field.path, request.text, request.options, field.boost, context));
    queries.push_back(std::move(query));
  }
  const float tie_breaker = request.tie_breaker.value_or(request.type == Type::kMostFields ? 1.0f : 0.0f);
  return finishQuery(makeDisMaxQuery(std::move(queries), tie_breaker, request.common.boost), request.common, context);
}

}  // namespace gyre::engine
