// range and prefix: the queries that ask for a stretch of values.
#include <string>
#include <utility>

#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

struct End {
  RangeEnd kind = RangeEnd::kGreater;
  std::string value;
};

struct RangeRequest {
  CommonParameters common;
  std::vector<End> ends;
  std::string format;
  std::string time_zone;
  bool is_lower_included = true;
  bool is_upper_included = true;
};

// `from` and `to` with include_lower and include_upper are the older spelling of the four ends.
Status readRange(json::Value body, RangeRequest& range) {
  json::Value from;
  json::Value to;
  const auto addEnd = [&](RangeEnd kind, json::Value value) -> Status {
    if (value.isNull() || value.isMissing()) return {};
    GYRE_TRY_ASSIGN(auto text, parseScalarText("range", value));
    range.ends.push_back({kind, std::move(text)});
    return {};
  };
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("range", member, range.common));
    if (is_common) continue;
    const std::string_view key = member.key();
    if (key == "gte") {
      GYRE_TRY(addEnd(RangeEnd::kGreaterOrEqual, member));
    } else if (key == "gt") {
      GYRE_TRY(addEnd(RangeEnd::kGreater, member));
    } else if (key == "lte") {
      GYRE_TRY(addEnd(RangeEnd::kLessOrEqual, member));
    } else if (key == "lt") {
      GYRE_TRY(addEnd(RangeEnd::kLess, member));
    } else if (key == "from") {
      from = member;
    } else if (key == "to") {
      to = member;
    } else if (key == "include_lower") {
      GYRE_TRY_ASSIGN(range.is_lower_included, parseBoolean("range", member));
    } else if (key == "include_upper") {
      GYRE_TRY_ASSIGN(range.is_upper_included, parseBoolean("range", member));
    } else if (key == "format") {
      if (!member.isString()) return parsingException("[range] [format] must be a string");
      range.format = member.string();
    } else if (key == "time_zone") {
      if (!member.isString()) return parsingException("[range] [time_zone] must be a string");
      range.time_zone = member.string();
    } else {
      return unknownParameter("range", key);
    }
  }
  GYRE_TRY(addEnd(range.is_lower_included ? RangeEnd::kGreaterOrEqual : RangeEnd::kGreater, from));
  return addEnd(range.is_upper_included ? RangeEnd::kLessOrEqual : RangeEnd::kLess, to);
}

TermBounds termBounds(const std::vector<End>& ends) {
  TermBounds bounds;
  for (const End& end : ends) {
    const bool is_included = end.kind == RangeEnd::kGreaterOrEqual || end.kind == RangeEnd::kLessOrEqual;
    if (end.kind == RangeEnd::kGreater || end.kind == RangeEnd::kGreaterOrEqual) {
      bounds.lowest = end.value;
      bounds.is_lowest_included = is_included;
    } else {
      bounds.highest = end.value;
      bounds.is_highest_included = is_included;
    }
  }
  return bounds;
}

Result<QueryPtr> numberRange(const Field& field, const RangeRequest& range, std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const DateFormat format, DateFormat::parse(range.format.empty() ? field.format : range.format));
  TimeZone zone;
  if (!range.time_zone.empty()) {
    GYRE_TRY_ASSIGN(zone, TimeZone::parse(range.time_zone));
  }
  const DateReading reading{format, zone, now_millis};
  NumberBounds bounds;
  for (const End& end : range.ends) {
    GYRE_TRY(applyRangeEnd(field, end.kind, end.value, reading, bounds));
    if (bounds.lowest > bounds.highest) return makeNoneQuery();
  }
  if (field.type == FieldType::kBoolean) {
    // One value alone is asked for, and scored, as a term.
    const bool has_false = bounds.lowest <= 0 && bounds.highest >= 0;
    const bool has_true = bounds.lowest <= 1 && bounds.highest >= 1;
    if (has_false != has_true) return makeBooleanQuery(field.path, has_true, range.common.boost);
  }
  return makeNumberRangeQuery(field.path, bounds.lowest, bounds.highest, range.common.boost);
}

}  // namespace

Result<QueryPtr> parseRange(json::Value body, ParseContext& context) {
  GYRE_TRY_ASSIGN(const json::Value member, singleField("range", body));
  if (!member.isObject()) return unknownParameter("range", member.key());
  RangeRequest range;
  GYRE_TRY(readRange(member, range));
  const auto finish = [&](QueryPtr query) { return finishQuery(std::move(query), range.common, context); };
  const Field* const field = context.mapping.find(member.key());
  if (field == nullptr || field->type == FieldType::kObject) return finish(makeNoneQuery());
  if (field->type == FieldType::kCompletion)
    return queryShardException("Field [" + field->path + "] of type [completion] does not support range queries");
  const bool is_date = field->type == FieldType::kDate;
  if (!is_date && !range.format.empty())
    return queryShardException("Field [" + field->path + "] of type [" + std::string(typeName(field->type)) +
                               "] does not support custom formats");
  if (!is_date && !range.time_zone.empty())
    return queryShardException("Field [" + field->path + "] of type [" + std::string(typeName(field->type)) +
                               "] does not support custom time zones");
  if (!field->is_indexed && !field->has_doc_values)
    return queryShardException("Cannot search on field [" + field->path +
                               "] since it is both not indexed, and does not have doc_values enabled.");
  if (!isNumeric(field->type))
    return finish(makeTermRangeQuery(field->path, termBounds(range.ends), range.common.boost));
  if (range.ends.empty()) return finish(makeConstantScoreQuery(makeExistsQuery({field}, 1), range.common.boost));
  GYRE_TRY_ASSIGN(auto query, numberRange(*field, range, context.now_millis));
  return finish(std::move(query));
}

Result<QueryPtr> parsePrefix(json::Value body, ParseContext& context) {
  GYRE_TRY_ASSIGN(const json::Value member, singleField("prefix", body));
  CommonParameters common;
  std::string prefix;
  bool has_value = false;
  if (member.isObject()) {
    for (const json::Value option : member) {
      GYRE_TRY_ASSIGN(const bool is_common, readCommon("prefix", option, common));
      if (is_common) continue;
      if (option.key() == "value") {
        GYRE_TRY_ASSIGN(prefix, parseScalarText("prefix", option));
        has_value = true;
      } else if (option.key() == "case_insensitive") {
        GYRE_TRY_ASSIGN(const bool is_folded, parseBoolean("prefix", option));
        if (is_folded) return illegalArgument("[prefix] case_insensitive: true is not offered");
      } else if (option.key() == "rewrite" && option.string() == "constant_score") {
        continue;
      } else {
        return unknownParameter("prefix", option.key());
      }
    }
  } else {
    GYRE_TRY_ASSIGN(prefix, parseScalarText("prefix", member));
    has_value = true;
  }
  if (!has_value) return illegalArgument("value cannot be null");
  const Field* const field = context.mapping.find(member.key());
  if (field == nullptr || field->type == FieldType::kObject) return finishQuery(makeNoneQuery(), common, context);
  if (field->type != FieldType::kKeyword && field->type != FieldType::kText)
    return queryShardException("Can only use prefix queries on keyword, text and wildcard fields - not on [" +
                               field->path + "] which is of type [" + std::string(typeName(field->type)) + "]");
  return finishQuery(makePrefixQuery(field->path, std::move(prefix), common.boost), common, context);
}

}  // namespace gyre::engine
