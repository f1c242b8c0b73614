// term, terms, ids, exists, match_all, match_none: the queries that ask for whole values.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/query/bool_query.hpp"
#include "engine/query/field_names.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/metadata_query.hpp"
#include "engine/query/pattern_query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

Status checkSearchable(const Field& field) {
  if (field.is_indexed || field.has_doc_values || field.type == FieldType::kObject) return {};
  return queryShardException("Cannot search on field [" + field.path +
                             "] since it is both not indexed, and does not have doc_values enabled.");
}

// A `terms` on a boolean counts as one `term` when all its values are the same.
Result<QueryPtr> makeValuesQuery(const Field& field, const std::vector<std::string>& values, float boost,
                                 std::int64_t now) {
  GYRE_TRY(checkSearchable(field));
  switch (field.type) {
    case FieldType::kObject: return makeNoneQuery();
    case FieldType::kKeyword:
    case FieldType::kText: {
      std::vector<std::string> terms;
      for (const std::string& value : values) terms.push_back(termOf(field, value));
      return makeTermSetQuery(field.path, std::move(terms), boost);
    }
    case FieldType::kBinary: return notSearchable(field);
    case FieldType::kIp:
    case FieldType::kRange:
    case FieldType::kCompletion:
    case FieldType::kDate:
    case FieldType::kDateNanos: {
      // A text such as "2024-02" is a stretch of instants, not one.
      std::vector<QueryPtr> any;
      for (const std::string& value : values) {
        GYRE_TRY_ASSIGN(auto query, makeValueQuery(field, value, 1, now));
        any.push_back(std::move(query));
      }
      return makeConstantScoreQuery(makeDisMaxQuery(std::move(any), 0, 1), boost);
    }
    default: break;
  }
  std::vector<std::int64_t> numbers;
  for (const std::string& value : values) {
    GYRE_TRY_ASSIGN(const NumberBounds bounds, boundsOfValue(field, value, now));
    if (bounds.lowest == bounds.highest) numbers.push_back(bounds.lowest);
  }
  const bool is_one = !numbers.empty() &&
                      std::all_of(numbers.begin(), numbers.end(), [&](std::int64_t n) { return n == numbers.front(); });
  if (field.type == FieldType::kBoolean && is_one) return makeBooleanQuery(field.path, numbers.front() == 1, boost);
  return makeNumberSetQuery(field, std::move(numbers), boost);
}

Result<QueryPtr> makeFieldValuesQuery(std::string_view path, const std::vector<std::string>& values, float boost,
                                      const ParseContext& context) {
  if (values.empty()) return makeNoneQuery("No terms supplied for \"terms\" query.");
  if (isMetadataField(path)) return makeMetadataValuesQuery(path, values, boost, context);
  const Field* const field = context.field(path);
  if (field == nullptr) return makeNoneQuery("unmapped field [" + std::string(path) + "]");
  return makeValuesQuery(*field, values, boost, context.now_millis);
}

// What stands at a path of a flat_object, or below it.
QueryPtr makeFlatExistsQuery(const Mapping& mapping, const Field& flat_object, std::string_view path, float boost) {
  if (mapping.find(path) == &flat_object)
    return makeTermRangeQuery(mapping.fields()[flat_object.children[0]].path, {}, boost);
  const std::string& leaves = mapping.fields()[flat_object.children[1]].path;
  std::vector<QueryPtr> any;
  for (const char after : {kFlatPathEnd, '.'}) any.push_back(makePrefixQuery(leaves, std::string(path) + after, 1));
  return makeConstantScoreQuery(makeDisMaxQuery(std::move(any), 0, 1), boost);
}

void collectLeaves(const Mapping& mapping, const Field& field, std::vector<const Field*>& leaves) {
  if (field.type != FieldType::kObject) {
    leaves.push_back(&field);
    return;
  }
  for (const std::uint16_t child : field.children) {
    const Field& member = mapping.fields()[child];
    collectLeaves(mapping, member, leaves);
    // They may have what their field has not: a keyword that is too long, as words.
    for (const std::uint16_t multi : member.multi_fields) leaves.push_back(&mapping.fields()[multi]);
  }
}

}  // namespace

Result<QueryPtr> parseMatchAll(json::Value body, ParseContext& context) {
  CommonParameters common;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("match_all", member, common));
    if (!is_common) return unknownParameter("match_all", member.key());
  }
  return finishQuery(makeAllQuery(common.boost), common, context);
}

Result<QueryPtr> parseMatchNone(json::Value body, ParseContext& context) {
  CommonParameters common;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("match_none", member, common));
    if (!is_common) return unknownParameter("match_none", member.key());
  }
  return finishQuery(makeNoneQuery(), common, context);
}

Result<QueryPtr> parseTerm(json::Value body, ParseContext& context) {
  GYRE_TRY_ASSIGN(const json::Value member, singleField("term", body));
  CommonParameters common;
  std::string value;
  bool has_value = false;
  bool folds_case = false;
  if (member.isArray()) return parsingException("[term] query does not support array of values");
  if (member.isObject()) {
    for (const json::Value option : member) {
      GYRE_TRY_ASSIGN(const bool is_common, readCommon("term", option, common));
      if (is_common) continue;
      if (option.key() == "value" || option.key() == "term") {
        if (option.isNull()) continue;
        GYRE_TRY_ASSIGN(value, parseScalarText("term", option));
        has_value = true;
      } else if (option.key() == "case_insensitive") {
        GYRE_TRY_ASSIGN(folds_case, parseBoolean("term", option));
      } else {
        return unknownParameter("term", option.key());
      }
    }
  } else {
    if (member.isNull()) return illegalArgument("field name is null or empty");
    GYRE_TRY_ASSIGN(value, parseScalarText("term", member));
    has_value = true;
  }
  if (!has_value) return illegalArgument("value cannot be null");
  const std::string_view path = member.key();
  if (isMetadataField(path)) {
    if (folds_case && path != "_index" && path != "_routing")
      return shardRefusal("[" + std::string(path) + "] field which is of type [" + std::string(path) +
                          "], does not support case insensitive term queries");
    GYRE_TRY_ASSIGN(auto query, makeMetadataValuesQuery(path, {value}, common.boost, context));
    return finishQuery(std::move(query), common, context);
  }
  const Field* const field = context.field(path);
  if (field == nullptr)
    return finishQuery(makeNoneQuery("unmapped field [" + std::string(path) + "]"), common, context);
  GYRE_TRY(checkSearchable(*field));
  if (folds_case) {
    GYRE_TRY_ASSIGN(auto folded, makeFoldedTermQuery(*field, std::move(value), common.boost));
    return finishQuery(std::move(folded), common, context);
  }
  GYRE_TRY_ASSIGN(auto query, makeValueQuery(*field, value, common.boost, context.now_millis));
  return finishQuery(std::move(query), common, context);
}

namespace {

// Values at a dotted path of a document, through arrays.
Status collectValues(json::Value value, std::string_view path, std::vector<std::string>& values) {
  if (value.isArray()) {
    for (const json::Value element : value) GYRE_TRY(collectValues(element, path, values));
    return {};
  }
  if (path.empty()) {
    if (value.isNull() || value.isMissing() || value.isObject()) return {};
    GYRE_TRY_ASSIGN(auto text, parseScalarText("terms", value));
    values.push_back(std::move(text));
    return {};
  }
  if (!value.isObject()) return {};
  if (const json::Value whole = value[path]; !whole.isMissing()) return collectValues(whole, "", values);
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return {};
  return collectValues(value[path.substr(0, dot)], path.substr(dot + 1), values);
}

// {"index": …, "id": …, "path": …, "routing": …}
Result<std::vector<std::string>> lookUpValues(json::Value body, const ParseContext& context) {
  DocumentPlace place;
  std::string path;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const std::string text, parseScalarText("terms", member));
    if (member.key() == "index") {
      place.index = text;
    } else if (member.key() == "id") {
      place.id = text;
    } else if (member.key() == "path") {
      path = text;
    } else if (member.key() == "routing") {
      place.routing = text;
    } else if (member.key() == "store") {
      if (text == "true") return illegalArgument("[terms_lookup] [store] is not supported");
    } else {
      return Status(Code::kInvalidArgument, "x_content_parse_exception",
                    "[terms_lookup] unknown field [" + std::string(member.key()) + "]");
    }
  }
  for (const auto& [name, value] :
       {std::pair{"index", &place.index}, std::pair{"id", &place.id}, std::pair{"path", &path}})
    if (value->empty()) return illegalArgument("Required [" + std::string(name) + "]");
  if (!context.look_up) return illegalArgument("[terms] look-up of values in another document is not offered here");
  GYRE_TRY_ASSIGN(const auto source, context.look_up(place));
  std::vector<std::string> values;
  if (!source) return values;
  GYRE_TRY_ASSIGN(const auto document, json::Document::parse(*source));
  GYRE_TRY(collectValues(document.root(), path, values));
  return values;
}

}  // namespace

Result<QueryPtr> parseTerms(json::Value body, ParseContext& context) {
  CommonParameters common;
  json::Value list;
  for (const json::Value member : body) {
    if (member.key() == "value_type") {
      if (member.string() != "default")
        return illegalArgument("[terms] [value_type] other than default is not supported");
      continue;
    }
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("terms", member, common));
    if (is_common) continue;
    if (!member.isObject() && !member.isArray()) return unknownParameter("terms", member.key());
    if (!list.isMissing()) return parsingException("[terms] query does not support multiple fields");
    list = member;
  }
  if (list.isMissing())
    return parsingException(
        "[terms] query requires a field name, followed by array of terms or a document lookup specification");
  std::vector<std::string> values;
  if (list.isObject()) {
    GYRE_TRY_ASSIGN(values, lookUpValues(list, context));
  } else {
    for (const json::Value element : list) {
      if (element.isNull()) return parsingException("No value specified for terms query");
      if (element.isArray() || element.isObject())
        return parsingException("[terms] unknown token [" +
                                std::string(element.isArray() ? "END_ARRAY" : "END_OBJECT") + "] after [" +
                                std::string(list.key()) + "]");
      GYRE_TRY_ASSIGN(auto value, parseScalarText("terms", element));
      values.push_back(std::move(value));
    }
  }
  if (static_cast<std::int64_t>(values.size()) > context.limits.terms)
    return queryShardException("The number of terms [" + std::to_string(values.size()) +
                               "] used in the Terms Query request has exceeded the allowed maximum of [" +
                               std::to_string(context.limits.terms) +
                               "]. This maximum can be set by changing the [index.max_terms_count] index level "
                               "setting.");
  GYRE_TRY_ASSIGN(auto query, makeFieldValuesQuery(list.key(), values, common.boost, context));
  return finishQuery(std::move(query), common, context);
}

Result<QueryPtr> parseIds(json::Value body, ParseContext& context) {
  CommonParameters common;
  std::vector<std::string> ids;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("ids", member, common));
    if (is_common) continue;
    if (member.key() != "values") return unknownField("ids", member.key());
    if (member.isObject()) return parsingException("[ids] values doesn't support values of type: START_OBJECT");
    if (!member.isArray()) {
      GYRE_TRY_ASSIGN(auto id, parseScalarText("ids", member));
      ids.push_back(std::move(id));
      continue;
    }
    for (const json::Value element : member) {
      GYRE_TRY_ASSIGN(auto id, parseScalarText("ids", element));
      ids.push_back(std::move(id));
    }
  }
  if (ids.empty()) return finishQuery(makeNoneQuery("Missing ids in \"ids\" query."), common, context);
  return finishQuery(makeIdsQuery(std::move(ids), common.boost), common, context);
}

Result<QueryPtr> makeFieldExistsQuery(std::string_view path, float boost, const ParseContext& context) {
  if (isMetadataField(path)) return makeMetadataExistsQuery(path, boost, context);
  if (const Field* const flat = context.mapping.flatObjectAt(path))
    return makeFlatExistsQuery(context.mapping, *flat, path, boost);
  std::vector<const Field*> leaves;
  if (path.find('*') != std::string_view::npos) {
    for (const Field& field : context.mapping.fields())
      if (!field.is_hidden && field.type != FieldType::kObject && matchesFieldPattern(path, field.path))
        leaves.push_back(&field);
  } else if (const Field* const field = context.mapping.find(path)) {
    collectLeaves(context.mapping, *field, leaves);
  }
  if (leaves.empty()) return makeNoneQuery("unmapped field [" + std::string(path) + "]");
  // Those of a flat_object are the values of its leaves.
  for (const Field*& leaf : leaves)
    if (leaf->type == FieldType::kFlatObject) leaf = &context.mapping.fields()[leaf->children[0]];
  // Neither terms, a column, nor lengths: no document has it, as far as the index knows.
  std::erase_if(leaves, [](const Field* leaf) {
    return !leaf->is_indexed && !leaf->has_doc_values && leaf->type != FieldType::kBinary;
  });
  return makeExistsQuery(std::move(leaves), boost);
}

Result<QueryPtr> parseExists(json::Value body, ParseContext& context) {
  CommonParameters common;
  std::string path;
  bool has_path = false;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("exists", member, common));
    if (is_common) continue;
    if (member.isArray() || member.isObject())
      return parsingException("[exists] unknown token [" + tokenName(member) + "] after [" + std::string(member.key()) +
                              "]");
    if (member.key() != "field") return unknownParameter("exists", member.key());
    GYRE_TRY_ASSIGN(path, parseScalarText("exists", member));
    has_path = true;
  }
  if (!has_path) return parsingException("[exists] must be provided with a [field]");
  if (path.empty()) return illegalArgument("field name is null or empty");
  GYRE_TRY_ASSIGN(auto query, makeFieldExistsQuery(path, common.boost, context));
  return finishQuery(std::move(query), common, context);
}

}  // namespace gyre::engine
