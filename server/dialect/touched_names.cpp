#include "server/dialect/touched_names.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "gyre/json.hpp"
#include "server/dialect/bulk_request.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/request_kind.hpp"

namespace gyre::dialect {

namespace {

void addList(std::string_view list, std::vector<std::string>& names) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view name = list.substr(0, comma);
    // What is taken out of an expression is not touched by it.
    if (!name.empty() && !name.starts_with('-')) names.emplace_back(name == "_all" ? "*" : name);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

void addTexts(json::Value value, std::vector<std::string>& names) {
  if (value.isString()) addList(value.string(), names);
  if (value.isArray())
    for (const json::Value element : value) addTexts(element, names);
  if (value.isObject())
    for (const json::Value member : value) names.emplace_back(member.key());
}

// Members that name something, however deep they stand: actions of _aliases, aliases of a new index, of a template's.
void addNamed(json::Value value, TouchedNames& touched) {
  if (value.isArray())
    for (const json::Value element : value) addNamed(element, touched);
  if (!value.isObject()) return;
  for (const json::Value member : value) {
    const std::string_view key = member.key();
    if (key == "index_patterns" || key == "template") {
      if (!member.isObject()) addTexts(member, touched.patterns);
    } else if (key == "index" || key == "indices" || key == "alias" || key == "aliases") {
      if (!member.isObject() || key == "aliases") addTexts(member, touched.names);
    }
    // Fields of a mapping may be called anything.
    if (key != "mappings" && key != "settings") addNamed(member, touched);
  }
}

Status readBulk(const Request& request, std::string_view index, TouchedNames& touched) {
  BulkDefaults defaults;
  defaults.index = index;
  GYRE_TRY_ASSIGN(const BulkRequest bulk, BulkRequest::parse(request.body, defaults));
  std::string_view last;
  for (const WriteItem& item : bulk.items) {
    if (item.index == last && !touched.names.empty()) continue;
    last = item.index;
    if (std::find(touched.names.begin(), touched.names.end(), last) == touched.names.end())
      touched.names.emplace_back(last);
  }
  return {};
}

}  // namespace

Result<TouchedNames> touchedNames(const Request& request, const RouteMatch& match) {
  TouchedNames touched;
  if (kindOf(request) == RequestKind::kRead) return touched;
  const std::string_view pattern = match.route->pattern;
  std::string_view index;
  for (const auto& [name, value] : match.variables) {
    if (name == "index") index = value;
    if (name == "index" || name == "name" || name == "target") addList(value, touched.names);
  }
  if (pattern.ends_with("_bulk")) {
    touched.names.clear();
    GYRE_TRY(readBulk(request, index, touched));
    return touched;
  }
  // These change every index when none is named.
  if (index.empty() && (pattern == "/_settings" || pattern == "/_close" || pattern == "/_open"))
    touched.names.emplace_back("*");
  if (request.body.empty() && request.parameter("source"))
    return illegalArgument("[source] is taken for requests that only look: send a body");
  const bool is_of_documents = kindOf(request) == RequestKind::kWrite;
  if (request.body.empty() || is_of_documents) return touched;
  const auto body = json::Document::parse(request.body);
  if (!body.isOk())
    return Status(Code::kInvalidArgument, "parse_exception",
                  "Failed to parse content to map: " + std::string(body.status().message()));
  if (pattern == "/_reindex") {
    if (!body->root()["script"].isMissing())
      return illegalArgument("[script] of a reindex may name another index for each document, and is not taken here");
    addTexts(body->root()["dest"]["index"], touched.names);
  } else {
    addNamed(body->root(), touched);
  }
  return touched;
}

}  // namespace gyre::dialect
