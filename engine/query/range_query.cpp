// range: the query that asks for a stretch of values.
#include "engine/query/range_query.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/mapping/failure_cause.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/metadata_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/structured_query.hpp"

namespace gyre::engine {

namespace {

// One side of the range as the members said it so far.
struct Side {
  std::optional<std::string> value;  // none: no end
  bool is_included = true;
};

// `from` and `to` with include_lower and include_upper are the older spelling of the four ends. A side that is named
// again is what was said last, a null being no end.
Status readRange(json::Value body, RangeRequest& range, CommonParameters& common) {
  Side lower, upper;
  const auto setEnd = [](Side& side, json::Value value, std::optional<bool> is_included) -> Status {
    if (is_included) side.is_included = *is_included;
    side.value.reset();
    if (value.isNull()) return {};
    GYRE_TRY_ASSIGN(side.value, parseScalarText("range", value));
    return {};
  };
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("range", member, common));
    if (is_common) continue;
    const std::string_view key = member.key();
    if (key == "gte" || key == "gt") {
      GYRE_TRY(setEnd(lower, member, key == "gte"));
    } else if (key == "lte" || key == "lt") {
      GYRE_TRY(setEnd(upper, member, key == "lte"));
    } else if (key == "from") {
      GYRE_TRY(setEnd(lower, member, std::nullopt));
    } else if (key == "to") {
      GYRE_TRY(setEnd(upper, member, std::nullopt));
    } else if (key == "include_lower") {
      GYRE_TRY_ASSIGN(lower.is_included, parseBoolean("range", member));
    } else if (key == "include_upper") {
      GYRE_TRY_ASSIGN(upper.is_included, parseBoolean("range", member));
    } else if (key == "relation") {
      GYRE_TRY_ASSIGN(const std::string relation, parseScalarText("range", member));
      if (relation == "disjoint" || relation == "DISJOINT")
        return illegalArgument("[range] query does not support relation [" + relation + "]");
      if (relation != "intersects" && relation != "within" && relation != "contains" && relation != "INTERSECTS" &&
          relation != "WITHIN" && relation != "CONTAINS")
        return illegalArgument(relation + " is not a valid relation");
      const char first = relation.front();
      range.relation = first == 'i' || first == 'I'   ? RangeRelation::kIntersects
                       : first == 'w' || first == 'W' ? RangeRelation::kWithin
                                                      : RangeRelation::kContains;
    } else if (key == "format") {
      if (!member.isString()) return parsingException("[range] [format] must be a string");
      range.format = member.string();
      if (const auto format = DateFormat::parse(range.format); !format.isOk())
        return noticedBy(kByRequest, illegalArgument(std::string(format.status().message())));
    } else if (key == "time_zone") {
      if (!member.isString()) return parsingException("[range] [time_zone] must be a string");
      range.time_zone = member.string();
      if (const auto zone = TimeZone::parse(range.time_zone); !zone.isOk())
        return noticedBy(kByRequest, illegalArgument(std::string(zone.status().message())));
    } else {
      return unknownParameter("range", key);
    }
  }
  if (lower.value)
    range.ends.push_back({lower.is_included ? RangeEnd::kGreaterOrEqual : RangeEnd::kGreater, std::move(*lower.value)});
  if (upper.value)
    range.ends.push_back({upper.is_included ? RangeEnd::kLessOrEqual : RangeEnd::kLess, std::move(*upper.value)});
  return {};
}

TermBounds termBounds(const Field& field, const std::vector<RangeRequest::End>& ends) {
  TermBounds bounds;
  if (!field.term_prefix.empty()) bounds = {field.term_prefix, afterPrefix(field.term_prefix), true, false};
  for (const RangeRequest::End& end : ends) {
    const bool is_included = end.kind == RangeEnd::kGreaterOrEqual || end.kind == RangeEnd::kLessOrEqual;
    if (end.kind == RangeEnd::kGreater || end.kind == RangeEnd::kGreaterOrEqual) {
      bounds.lowest = termOf(field, end.value);
      bounds.is_lowest_included = is_included;
    } else {
      bounds.highest = termOf(field, end.value);
      bounds.is_highest_included = is_included;
    }
  }
  return bounds;
}

Result<QueryPtr> metadataRange(std::string_view path, const RangeRequest& range) {
  NumberBounds bounds;
  Field as_long;
  as_long.path = path;
  as_long.type = FieldType::kLong;
  const DateFormat format;
  const TimeZone zone;
  if (path == "_seq_no")
    for (const RangeRequest::End& end : range.ends)
      GYRE_TRY(applyRangeEnd(as_long, end.kind, end.value, {format, zone, 0}, bounds));
  return makeMetadataRangeQuery(path, bounds.lowest, bounds.highest, range.boost);
}

Result<QueryPtr> numberRange(const Field& field, const RangeRequest& range, std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const NumberBounds bounds, boundsOfRange(field, range, now_millis));
  if (bounds.lowest > bounds.highest) return makeNoneQuery();
  if (field.type == FieldType::kBoolean) {
    // One value alone is asked for, and scored, as a term.
    const bool has_false = bounds.lowest <= 0 && bounds.highest >= 0;
    const bool has_true = bounds.lowest <= 1 && bounds.highest >= 1;
    if (has_false != has_true) return makeBooleanQuery(field.path, has_true, range.boost);
  }
  return makeNumberRangeQuery(field, bounds.lowest, bounds.highest, range.boost);
}

// The documents whose ranges meet, hold or lie within the one asked for.
Result<QueryPtr> rangeOfRanges(const Field& field, const RangeRequest& range, std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const DateFormat format, DateFormat::parse(range.format.empty() ? field.format : range.format));
  TimeZone zone;
  if (!range.time_zone.empty()) {
    GYRE_TRY_ASSIGN(zone, TimeZone::parse(range.time_zone));
  }
  RangeBounds asked = wholeRange(field);
  for (const RangeRequest::End& end : range.ends)
    if (const Status read = narrowRange(field, end.kind, end.value, format, zone, now_millis, asked); !read.isOk())
      return queryShardException(std::string(read.message()));
  return makeRangeFieldQuery(field, std::move(asked), range.relation, range.boost);
}

}  // namespace

Result<NumberBounds> boundsOfRange(const Field& field, const RangeRequest& range, std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const DateFormat format, DateFormat::parse(range.format.empty() ? field.format : range.format));
  TimeZone zone;
  if (!range.time_zone.empty()) {
    GYRE_TRY_ASSIGN(zone, TimeZone::parse(range.time_zone));
  }
  const DateReading reading{format, zone, now_millis};
  NumberBounds bounds;
  for (const RangeRequest::End& end : range.ends) {
    GYRE_TRY(applyRangeEnd(field, end.kind, end.value, reading, bounds));
    if (bounds.lowest > bounds.highest) break;
  }
  return bounds;
}

Result<QueryPtr> makeFieldRangeQuery(std::string_view path, const RangeRequest& range, const ParseContext& context) {
  if (isMetadataField(path)) return metadataRange(path, range);
  const Field* const field = context.field(path);
  if (field == nullptr || field->type == FieldType::kObject)
    return makeNoneQuery("unmapped field [" + std::string(path) + "]");
  if (field->type == FieldType::kCompletion || field->type == FieldType::kBinary)
    return queryShardException("Field [" + field->path + "] of type [" + std::string(field->type_name) +
                               "] does not support range queries");
  const bool is_date = isDate(field->type) || (field->type == FieldType::kRange && field->range_of == FieldType::kDate);
  if (!is_date && !range.format.empty())
    return queryShardException("Field [" + field->path + "] of type [" + std::string(typeName(field->type)) +
                               "] does not support custom formats");
  if (!is_date && !isNumeric(field->type) && !range.time_zone.empty())
    return queryShardException("Field [" + field->path + "] of type [" + std::string(typeName(field->type)) +
                               "] does not support custom time zones");
  if (!field->is_indexed && !field->has_doc_values)
    return queryShardException("Cannot search on field [" + field->path +
                               "] since it is both not indexed, and does not have doc_values enabled.");
  if (field->type == FieldType::kRange) return rangeOfRanges(*field, range, context.now_millis);
  if (field->type == FieldType::kIp) {
    TermBounds bounds;
    for (const RangeRequest::End& end : range.ends) GYRE_TRY(applyIpEnd(end.kind, end.value, bounds));
    return makeTermRangeQuery(field->path, std::move(bounds), range.boost);
  }
  if (!isNumeric(field->type)) {
    if (!context.allows_expensive)
      return Status(Code::kInvalidArgument, "exception",
                    "[range] queries on [text] or [keyword] fields cannot be executed when "
                    "'search.allow_expensive_queries' is set to false.");
    return makeTermRangeQuery(field->path, termBounds(*field, range.ends), range.boost);
  }
  if (range.ends.empty()) return makeExistsQuery({field}, range.boost);
  return numberRange(*field, range, context.now_millis);
}

Result<std::string_view> readRangeClause(json::Value body, RangeRequest& range, CommonParameters& common) {
  json::Value member;
  for (const json::Value each : body) {
    if (!each.isObject()) {
      GYRE_TRY_ASSIGN(const bool is_common, readCommon("range", each, common));
      if (!is_common) return unknownParameter("range", each.key());
      continue;
    }
    if (!member.isMissing())
      return parsingException("[range] query doesn't support multiple fields, found [" + std::string(member.key()) +
                              "] and [" + std::string(each.key()) + "]");
    member = each;
  }
  if (member.isMissing()) return illegalArgument("field name is null or empty");
  GYRE_TRY(readRange(member, range, common));
  range.boost = common.boost;
  return member.key();
}

Result<QueryPtr> parseRange(json::Value body, ParseContext& context) {
  RangeRequest range;
  CommonParameters common;
  GYRE_TRY_ASSIGN(const std::string_view path, readRangeClause(body, range, common));
  GYRE_TRY_ASSIGN(auto query, makeFieldRangeQuery(path, range, context));
  return finishQuery(std::move(query), common, context);
}

}  // namespace gyre::engine
