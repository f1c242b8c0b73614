#include "server/search/opensearch/failure.hpp"

#include <string>

#include "gyre/excerpt.hpp"
#include "gyre/json.hpp"

namespace gyre::search {
namespace {

constexpr std::size_t kShownBytes = 300;  // of a body that is no JSON

struct Cause {
  std::string type, reason;
};

Cause causeOf(json::Value error) {
  Cause cause{std::string(error["type"].string()), std::string(error["reason"].string())};
  for (const json::Value root : error["root_cause"]) {
    cause = {std::string(root["type"].string()), std::string(root["reason"].string())};
    break;
  }
  // The innermost says what was wrong; the outer ones that something was.
  json::Value inner = error["caused_by"];
  while (inner["caused_by"].isObject()) inner = inner["caused_by"];
  if (inner["reason"].isString() && cause.reason.find(inner["reason"].string()) == std::string::npos)
    cause.reason += ": " + std::string(inner["reason"].string());
  return cause;
}

Cause readCause(std::string_view body) {
  const auto document = json::Document::parse(body);
  if (document.isOk()) {
    const json::Value error = document->root()["error"];
    if (error.isObject()) return causeOf(error);
    if (error.isString()) return {"", std::string(error.string())};
  }
  std::string shown(excerpt(body, kShownBytes));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = ' ';
  return {"", std::move(shown)};
}

bool isReason(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

std::string causeText(std::string_view body) {
  const Cause cause = readCause(body);
  return cause.type.empty() ? cause.reason : cause.type + ": " + cause.reason;
}

Status failureOf(const HttpResponse& response) {
  const Cause cause = readCause(response.body);
  const std::string text = causeText(response.body);
  const std::string told =
      "the search cluster answers " + std::to_string(response.status) + (text.empty() ? "" : ": " + text);
  switch (response.status) {
    case 400:
      return {Code::kInvalidArgument, isReason(cause.type) ? cause.type : "search_refused", text.empty() ? told : text};
    case 401:
    case 403: return {Code::kUnavailable, "search_engine_refused", told};
    case 404: return {Code::kUnavailable, "index_missing", told};
    case 429:
    case 503: return {Code::kUnavailable, "search_engine_busy", told};
    default: return {Code::kUnavailable, "search_engine_failed", told};
  }
}

}  // namespace gyre::search
