#include "server/stream/time_range.hpp"

#include <algorithm>
#include <optional>

#include "gyre/json.hpp"
#include "gyre/time.hpp"

namespace gyre::stream {

namespace {

constexpr int kMaxDepth = 32;

std::optional<TimeSpan> boundOf(json::Value value, bool is_millis) {
  if (const auto millis = value.integer()) return TimeSpan{*millis, *millis};
  if (is_millis) return std::nullopt;
  return parseTimeSpan(value.string());
}

void narrowByRange(json::Value clause, TimeRange& range) {
  const bool is_millis = clause["format"].string() == "epoch_millis";
  if (!clause["format"].isMissing() && !is_millis) return;
  if (!clause["time_zone"].isMissing() || !clause["relation"].isMissing()) return;
  // Bounds are taken as inclusive: a millisecond too much costs nothing.
  for (const std::string_view name : {"gte", "gt", "from"})
    if (const auto bound = boundOf(clause[name], is_millis)) range.first = std::max(range.first, bound->first);
  for (const std::string_view name : {"lte", "lt", "to"})
    if (const auto bound = boundOf(clause[name], is_millis)) range.last = std::min(range.last, bound->last);
}

void narrow(json::Value query, std::string_view time_field, int depth, TimeRange& range) {
  if (depth > kMaxDepth || !query.isObject()) return;
  if (const json::Value clause = query["range"][time_field]; clause.isObject()) narrowByRange(clause, range);
  if (const json::Value inner = query["constant_score"]["filter"]; inner.isObject())
    narrow(inner, time_field, depth + 1, range);
  for (const std::string_view name : {"must", "filter"}) {
    const json::Value clauses = query["bool"][name];
    if (clauses.isObject()) narrow(clauses, time_field, depth + 1, range);
    if (!clauses.isArray()) continue;
    for (const json::Value clause : clauses) narrow(clause, time_field, depth + 1, range);
  }
}

}  // namespace

TimeRange timeRangeOf(std::string_view request, std::string_view time_field) {
  TimeRange range;
  const auto document = json::Document::parse(request, {.max_depth = 128});
  if (!document.isOk()) return range;
  // A suggester or a global aggregation looks at more than what the query matches.
  if (request.find("\"global\"") != std::string_view::npos || !document->root()["suggest"].isMissing()) return range;
  narrow(document->root()["query"], time_field, 0, range);
  return range;
}

}  // namespace gyre::stream
