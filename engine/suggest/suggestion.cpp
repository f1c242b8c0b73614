#include "engine/suggest/suggestion.hpp"

#include <optional>
#include <utility>

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

Result<SuggestRequest> parseOne(json::Value body, const std::optional<std::string>& global_text,
                                const Mapping& mapping) {
  SuggestRequest request;
  request.name = body.key();
  json::Value kind;
  std::optional<std::string> text;
  std::optional<std::string> prefix;
  std::optional<std::string> regex;
  for (const json::Value option : body) {
    const std::string_view key = option.key();
    if (!option.isObject() && !option.isArray()) {
      if (key != "text" && key != "prefix" && key != "regex")
        return parsingException("suggestion does not support [" + std::string(key) + "]");
      GYRE_TRY_ASSIGN(auto given, parseScalarText("suggest", option));
      (key == "text" ? text : key == "prefix" ? prefix : regex) = std::move(given);
    } else if (!option.isObject() || !kind.isMissing()) {
      return parsingException("suggestion [" + request.name + "] does not support [" + std::string(key) + "]");
    } else {
      kind = option;
    }
  }
  if (kind.isMissing()) return parsingException("missing suggestion object");
  if (!text) text = global_text;
  if (kind.key() == "completion") {
    if (prefix) text = prefix;
    const bool is_regex = !text && regex;
    if (is_regex) text = regex;
    if (!text) return illegalArgument("The required text option is missing");
    request.text = *text;
    GYRE_TRY_ASSIGN(request.asked, parseCompletion(kind, request.text, is_regex, mapping));
    return request;
  }
  if (kind.key() != "term" && kind.key() != "phrase")
    return Status(Code::kInvalidArgument, "named_object_not_found_exception",
                  "unknown field [" + std::string(kind.key()) + "]");
  if (!text) text = prefix;
  if (!text) return illegalArgument("The required text option is missing");
  request.text = *text;
  if (kind.key() == "phrase") {
    GYRE_TRY_ASSIGN(request.asked, parsePhraseSuggest(kind, request.text, mapping));
  } else {
    GYRE_TRY_ASSIGN(request.asked, parseTermSuggest(kind, request.text, mapping));
  }
  return request;
}

}  // namespace

Result<std::vector<SuggestRequest>> parseSuggest(json::Value body, const Mapping& mapping) {
  if (!body.isObject()) return parsingException("[suggest] must be an object");
  std::optional<std::string> global_text;
  if (const json::Value text = body["text"]; !text.isMissing() && !text.isObject()) {
    GYRE_TRY_ASSIGN(global_text, parseScalarText("suggest", text));
  }
  std::vector<SuggestRequest> requests;
  for (const json::Value member : body) {
    if (member.key() == "text" && !member.isObject()) continue;
    if (!member.isObject()) return illegalArgument("[suggest] does not support [" + std::string(member.key()) + "]");
    GYRE_TRY_ASSIGN(auto request, parseOne(member, global_text, mapping));
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace gyre::engine
