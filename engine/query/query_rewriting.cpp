#include "engine/query/query_rewriting.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "engine/query/field_names.hpp"
#include "engine/query/metadata_query.hpp"
#include "engine/query/range_query.hpp"

namespace gyre::engine {

namespace {

QueryRewriting always(Rewritten rewritten) {
  return [rewritten](const Snapshot*) { return rewritten; };
}
const Rewritten kSame{false, false};
const Rewritten kOther{true, false};
const Rewritten kNone{true, true};

bool isMapped(const ParseContext& context, std::string_view path) {
  const Field* const field = context.field(path);
  return isMetadataField(path) || (field != nullptr && field->type != FieldType::kObject);
}

// The member that names the field, beside boost and _name.
json::Value fieldMember(json::Value body) {
  for (const json::Value member : body)
    if (member.key() != "boost" && member.key() != "_name") return member;
  return {};
}

// A clause that asks one field: it matches nothing where there is no such field, and is decided where all documents
// have the same value.
QueryRewriting ofFieldClause(json::Value body, const ParseContext& context) {
  const std::string_view path = fieldMember(body).key();
  if (path == "_index") return always(kOther);
  return always(isMapped(context, path) ? kSame : kNone);
}

QueryRewriting ofTerms(json::Value body, const ParseContext& context) {
  const json::Value values = fieldMember(body);
  if (values.isObject()) return always(kOther);  // looked up
  if (values.size() == 0) return always(kNone);
  return ofFieldClause(body, context);
}

QueryRewriting ofExists(json::Value body, const ParseContext& context) {
  const std::string_view path = body["field"].string();
  if (isMetadataField(path) || context.field(path) != nullptr) return always(kSame);
  for (const Field& field : context.mapping.fields())
    if (matchesFieldPattern(path, field.path)) return always(kSame);
  return always(kNone);
}

struct Extent {
  std::int64_t lowest = INT64_MAX;
  std::int64_t highest = INT64_MIN;
};
Extent extentOf(const Snapshot& snapshot, const std::string& path) {
  Extent extent;
  for (const SegmentView& view : snapshot.segments) {
    const FieldReader* const field = view.segment->field(path);
    if (field == nullptr || field->column == nullptr) continue;
    const ColumnBlockStats stats = field->column->stats();
    if (stats.value_count == 0) continue;
    extent.lowest = std::min(extent.lowest, stats.min);
    extent.highest = std::max(extent.highest, stats.max);
  }
  return extent;
}

QueryRewriting ofRange(json::Value body, const ParseContext& context) {
  RangeRequest range;
  CommonParameters common;
  const auto path = readRangeClause(body, range, common);
  if (!path.isOk()) return always(kSame);
  if (!isMapped(context, path.value())) return always(kNone);
  const Field* const field = context.field(path.value());
  // Only dates are compared with what the shard has.
  if (field == nullptr || !isDate(field->type) || !field->is_indexed) return always(kSame);
  const auto bounds = boundsOfRange(*field, range, context.now_millis);
  if (!bounds.isOk()) return always(kSame);
  const bool is_bare = range.ends.empty() && range.format.empty() && range.time_zone.empty();
  return [path = field->path, bounds = bounds.value(), is_bare](const Snapshot* snapshot) -> Rewritten {
    if (snapshot == nullptr) return kSame;
    const Extent extent = extentOf(*snapshot, path);
    if (extent.lowest > extent.highest) return kNone;
    if (extent.lowest >= bounds.lowest && extent.highest <= bounds.highest) return is_bare ? kSame : kOther;
    return extent.highest < bounds.lowest || extent.lowest > bounds.highest ? kNone : kSame;
  };
}

std::vector<QueryRewriting> ofEach(json::Value clauses, const ParseContext& context) {
  std::vector<QueryRewriting> each;
  if (clauses.isObject()) each.push_back(rewritingOf(clauses, context));
  if (clauses.isArray())
    for (const json::Value clause : clauses) each.push_back(rewritingOf(clause, context));
  return each;
}

// What became of several clauses.
struct Several {
  bool is_any_changed = false;
  bool is_any_none = false;
  bool are_all_none = true;
};
Several rewriteAll(const std::vector<QueryRewriting>& clauses, const Snapshot* snapshot) {
  Several several;
  for (const QueryRewriting& clause : clauses) {
    const Rewritten one = clause(snapshot);
    several.is_any_changed |= one.is_changed;
    several.is_any_none |= one.is_none;
    several.are_all_none &= one.is_none;
  }
  return several;
}

// A clause around `inner`, which matches nothing where that does; `others` only change.
QueryRewriting ofWrapped(QueryRewriting inner, std::vector<QueryRewriting> others) {
  return [inner = std::move(inner), others = std::move(others)](const Snapshot* snapshot) -> Rewritten {
    const Rewritten one = inner(snapshot);
    if (one.is_none) return kNone;
    return one.is_changed || rewriteAll(others, snapshot).is_any_changed ? kOther : kSame;
  };
}

QueryRewriting ofFunctionScore(json::Value body, const ParseContext& context) {
  const json::Value query = body["query"];
  std::vector<QueryRewriting> filters;
  const json::Value functions = body["functions"];
  if (functions.isArray())
    for (const json::Value function : functions)
      if (const json::Value filter = function["filter"]; filter.isObject())
        filters.push_back(rewritingOf(filter, context));
  return ofWrapped(query.isObject() ? rewritingOf(query, context) : always(kSame), std::move(filters));
}

// Clauses that change with those within and never become match_none.
QueryRewriting ofHolder(json::Value clauses, const ParseContext& context) {
  return [each = ofEach(clauses, context)](const Snapshot* snapshot) -> Rewritten {
    return rewriteAll(each, snapshot).is_any_changed ? kOther : kSame;
  };
}

bool hasNested(const Mapping& mapping) {
  return std::any_of(mapping.fields().begin(), mapping.fields().end(),
                     [](const Field& field) { return field.is_nested; });
}

json::Value onlyClause(json::Value body) {
  json::Value only;
  std::uint32_t count = 0;
  for (const json::Value member : body) {
    if (member.key() == "minimum_should_match") return {};
    if (member.key() != "must" && member.key() != "filter" && member.key() != "should" && member.key() != "must_not")
      continue;
    count += member.isArray() ? member.size() : 1;
    if (member.key() == "must_not" && (member.isObject() || member.size() > 0)) return {};
    if (member.isArray() && member.size() == 1) only = *member.begin();
    if (member.isObject()) only = member;
  }
  return count == 1 ? only : json::Value();
}

bool isEmptyBool(json::Value body) {
  return std::all_of(body.begin(), body.end(),
                     [](json::Value member) { return !member.isObject() && member.size() == 0; });
}

std::string scalarText(json::Value value) {
  return value.isString() ? std::string(value.string()) : std::string(value.raw());
}

}  // namespace

QueryRewriting rewritingOfBool(json::Value body, const ParseContext& context) {
  std::vector<QueryRewriting> required, optional, forbidden;
  for (const json::Value member : body) {
    auto* const list = member.key() == "must" || member.key() == "filter" ? &required
                       : member.key() == "should"                         ? &optional
                       : member.key() == "must_not"                       ? &forbidden
                                                                          : nullptr;
    if (list == nullptr) continue;
    for (QueryRewriting& clause : ofEach(member, context)) list->push_back(std::move(clause));
  }
  if (required.empty() && optional.empty() && forbidden.empty()) return always(kOther);
  return [required = std::move(required), optional = std::move(optional),
          forbidden = std::move(forbidden)](const Snapshot* snapshot) -> Rewritten {
    const Several must = rewriteAll(required, snapshot);
    const Several should = rewriteAll(optional, snapshot);
    if (must.is_any_none || (required.empty() && !optional.empty() && should.are_all_none)) return kNone;
    return must.is_any_changed || should.is_any_changed || rewriteAll(forbidden, snapshot).is_any_changed ? kOther
                                                                                                          : kSame;
  };
}

QueryRewriting rewritingOf(json::Value clause, const ParseContext& context) {
  if (!clause.isObject() || clause.size() != 1) return always(kSame);
  const json::Value body = *clause.begin();
  const std::string_view kind = body.key();
  if (kind == "match_none") return always({false, true});
  if (kind == "term" || kind == "prefix" || kind == "wildcard" || kind == "fuzzy") return ofFieldClause(body, context);
  if (kind == "terms") return ofTerms(body, context);
  if (kind == "ids") return always(body["values"].size() == 0 && !body["values"].isString() ? kNone : kSame);
  if (kind == "exists") return ofExists(body, context);
  if (kind == "range") return ofRange(body, context);
  if (kind == "bool") return rewritingOfBool(body, context);
  if (kind == "constant_score") return ofWrapped(rewritingOf(body["filter"], context), {});
  if (kind == "boosting") {
    std::vector<QueryRewriting> others;
    others.push_back(rewritingOf(body["negative"], context));
    return ofWrapped(rewritingOf(body["positive"], context), std::move(others));
  }
  if (kind == "function_score") return ofFunctionScore(body, context);
  if (kind == "dis_max") return ofHolder(body["queries"], context);
  if (kind == "nested") return ofHolder(body["query"], context);
  if (kind == "wrapper") return always(kOther);
  return always(kSame);
}

PointWalk PointWalk::under(json::Value query, const ParseContext& context) {
  PointWalk walk;
  // Documents of nested objects are kept out by a clause of their own.
  const Over all = hasNested(context.mapping) ? Over::kNothing : Over::kAnyField;
  if (query.isMissing()) {
    walk.over_ = all;
    return walk;
  }
  if (!query.isObject() || query.size() != 1) return walk;
  const json::Value body = *query.begin();
  const std::string_view kind = body.key();
  if (kind == "match_all" || (kind == "bool" && isEmptyBool(body))) {
    walk.over_ = all;
  } else if (kind == "bool") {
    if (const json::Value only = onlyClause(body); only.isObject()) return under(only, context);
  } else if (kind == "constant_score") {
    return under(body["filter"], context);
  } else if (kind == "dis_max" && body["queries"].isArray() && body["queries"].size() == 1) {
    return under(*body["queries"].begin(), context);
  } else if (kind == "exists" && all != Over::kNothing) {
    if (const Field* const field = context.field(body["field"].string())) walk.path_ = field->path;
    walk.over_ = Over::kOneField;
  } else if (kind == "range") {
    RangeRequest range;
    CommonParameters common;
    const auto path = readRangeClause(body, range, common);
    const Field* const field = path.isOk() ? context.field(path.value()) : nullptr;
    if (field == nullptr || !isNumeric(field->type)) return walk;
    const auto bounds = boundsOfRange(*field, range, context.now_millis);
    if (!bounds.isOk()) return walk;
    walk = {};
    walk.over_ = Over::kOneField;
    walk.path_ = field->path;
    walk.bounds_ = bounds.value();
  } else if (kind == "term" || kind == "terms") {
    const json::Value member = fieldMember(body);
    const Field* const field = context.field(member.key());
    if (field == nullptr || !isNumeric(field->type)) return walk;
    json::Value value = member.isObject() ? member["value"] : member;
    if (kind == "terms") {
      // One date is asked for as itself; of numbers a list is a set, however short.
      if (field->type != FieldType::kDate || !member.isArray() || member.size() != 1) return walk;
      value = *member.begin();
    }
    const auto bounds = boundsOfValue(*field, scalarText(value), context.now_millis);
    if (!bounds.isOk()) return walk;
    walk.over_ = Over::kOneField;
    walk.path_ = field->path;
    walk.bounds_ = bounds.value();
  }
  return walk;
}

std::optional<NumberBounds> PointWalk::over(const Field& field) const {
  switch (field.type) {
    case FieldType::kLong:
    case FieldType::kShort:
    case FieldType::kByte:
    case FieldType::kDate: break;
    default: return std::nullopt;
  }
  if (!field.is_indexed || over_ == Over::kNothing || (over_ == Over::kOneField && path_ != field.path))
    return std::nullopt;
  return bounds_;
}

}  // namespace gyre::engine
