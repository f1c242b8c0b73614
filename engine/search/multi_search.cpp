#include "engine/search/multi_search.hpp"

#include <algorithm>

#include "engine/query/query_parser.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

Status readHeader(std::string_view line, MultiSearchItem& item) {
  constexpr std::string_view kParameters[] = {"search_type",
                                              "ccs_minimize_roundtrips",
                                              "request_cache",
                                              "preference",
                                              "routing",
                                              "allow_partial_search_results",
                                              "expand_wildcards",
                                              "ignore_unavailable",
                                              "allow_no_indices",
                                              "ignore_throttled",
                                              "cancel_after_time_interval"};
  GYRE_TRY_ASSIGN(const auto header, json::Document::parse(line));
  if (!header.root().isObject()) return illegalArgument("Expected [START_OBJECT] in the metadata section");
  for (const json::Value member : header.root()) {
    const std::string_view key = member.key();
    if (key == "index" || key == "indices") {
      item.names_indices = !member.isNull();
      if (member.isString()) item.indices.emplace_back(member.string());
      for (const json::Value name : member) {
        if (!name.isString()) return illegalArgument("[index] must be a name or an array of names");
        item.indices.emplace_back(name.string());
      }
    } else if (std::find(std::begin(kParameters), std::end(kParameters), key) != std::end(kParameters)) {
      std::string value;
      for (const json::Value part : member) value += (value.empty() ? "" : ",") + std::string(part.string());
      if (!member.isArray()) value = member.isString() ? member.string() : member.raw();
      item.parameters.emplace_back(key, std::move(value));
    } else {
      return illegalArgument("key [" + std::string(key) + "] is not supported in the metadata section");
    }
  }
  return {};
}

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

}  // namespace

Result<std::vector<MultiSearchItem>> parseMultiSearch(std::string_view request) {
  std::vector<MultiSearchItem> items;
  const auto validation = [](std::string_view what) {
    return Status(Code::kInvalidArgument, "action_request_validation_exception",
                  "Validation Failed: 1: " + std::string(what) + ";");
  };
  if (!request.empty() && request.back() != '\n')
    return illegalArgument("The msearch request must be terminated by a newline [\n]");
  const auto nextLine = [&] {
    const std::size_t end = std::min(request.find('\n'), request.size());
    const std::string_view line = trimmed(request.substr(0, end));
    request.remove_prefix(std::min(end + 1, request.size()));
    return line;
  };
  while (!request.empty()) {
    MultiSearchItem item;
    const std::string_view header = nextLine();
    if (request.empty()) {
      // Blank lines at the end belong to no search.
      if (header.empty()) break;
      return validation("no body for the last search");
    }
    if (!header.empty()) GYRE_TRY(readHeader(header, item));
    item.body = nextLine();
    items.push_back(std::move(item));
  }
  if (items.empty()) return validation("no requests added");
  return items;
}

void MultiSearchResponse::add(std::string_view body, int http_status) {
  if (!responses_.empty()) responses_ += ',';
  // Before the last brace.
  responses_ += body.substr(0, body.rfind('}'));
  responses_ += ",\"status\":" + std::to_string(http_status) + "}";
}

std::string MultiSearchResponse::finish(std::int64_t took_millis) const {
  return "{\"took\":" + std::to_string(took_millis) + ",\"responses\":[" + responses_ + "]}";
}

}  // namespace gyre::engine
