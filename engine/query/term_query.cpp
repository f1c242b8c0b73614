// term, terms, ids, exists, match_all, match_none: the queries that ask for whole values.
#include <algorithm>
#include <string>
#include <utility>

#include "engine/analysis/analyzer.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/scorers.hpp"

namespace gyre::engine {

namespace {

constexpr std::size_t kMaxTerms = 65'536;

class IdsQuery final : public Query {
 public:
  IdsQuery(std::vector<std::string> ids, float boost) : ids_(std::move(ids)), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot&, float boost, bool) const override {
    return makeWeight([this, score = boost * boost_](SegmentRun& run) {
      std::vector<DocId> docs;
      for (const std::string& id : ids_)
        if (const auto doc = run.segment().find(id)) docs.push_back(*doc);
      std::sort(docs.begin(), docs.end());
      docs.erase(std::unique(docs.begin(), docs.end()), docs.end());
      return makeListScorer(std::move(docs), score);
    });
  }

 private:
  std::vector<std::string> ids_;
  float boost_;
};

Status checkSearchable(const Field& field) {
  if (field.is_indexed || field.has_doc_values) return {};
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
      std::vector<std::string> terms = values;
      if (field.normalizer != nullptr)
        for (std::string& term : terms) term = normalizeTerm(*field.normalizer, term);
      return makeTermSetQuery(field.path, std::move(terms), boost);
    }
    case FieldType::kDate: {
      // A text such as "2024-02" is a stretch of instants, not one.
      std::vector<QueryPtr> any;
      for (const std::string& value : values) {
        GYRE_TRY_ASSIGN(auto query, makeValueQuery(field, value, 1, now));
        any.push_back(std::move(query));
      }
      return makeConstantScoreQuery(makeDisMaxQuery(std::move(any), 0, 1), boost);
    }
    case FieldType::kCompletion: return makeValueQuery(field, "", boost, now);
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
  return makeNumberSetQuery(field.path, std::move(numbers), boost);
}

// _id is no field of the mapping, but asked for like one.
Result<QueryPtr> makeFieldValuesQuery(std::string_view path, const std::vector<std::string>& values, float boost,
                                      const ParseContext& context) {
  if (path == "_id") return QueryPtr(std::make_unique<IdsQuery>(values, boost));
  const Field* const field = context.mapping.find(path);
  if (field == nullptr || values.empty()) return makeNoneQuery();
  return makeValuesQuery(*field, values, boost, context.now_millis);
}

void collectLeaves(const Mapping& mapping, const Field& field, std::vector<const Field*>& leaves) {
  if (field.type != FieldType::kObject) {
    leaves.push_back(&field);
    return;
  }
  for (const std::uint16_t child : field.children) collectLeaves(mapping, mapping.fields()[child], leaves);
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
  if (member.isArray()) return parsingException("[term] query does not support array of values");
  if (member.isObject()) {
    for (const json::Value option : member) {
      GYRE_TRY_ASSIGN(const bool is_common, readCommon("term", option, common));
      if (is_common) continue;
      if (option.key() == "value" || option.key() == "term") {
        GYRE_TRY_ASSIGN(value, parseScalarText("term", option));
        has_value = true;
      } else if (option.key() == "case_insensitive") {
        GYRE_TRY_ASSIGN(const bool is_folded, parseBoolean("term", option));
        if (is_folded) return illegalArgument("[term] case_insensitive: true is not offered");
      } else {
        return unknownParameter("term", option.key());
      }
    }
  } else {
    GYRE_TRY_ASSIGN(value, parseScalarText("term", member));
    has_value = true;
  }
  if (!has_value) return illegalArgument("value cannot be null");
  if (member.key() == "_id") {
    GYRE_TRY_ASSIGN(auto ids, makeFieldValuesQuery("_id", {value}, common.boost, context));
    return finishQuery(std::move(ids), common, context);
  }
  const Field* const field = context.mapping.find(member.key());
  if (field == nullptr) return finishQuery(makeNoneQuery(), common, context);
  GYRE_TRY(checkSearchable(*field));
  GYRE_TRY_ASSIGN(auto query, makeValueQuery(*field, value, common.boost, context.now_millis));
  return finishQuery(std::move(query), common, context);
}

Result<QueryPtr> parseTerms(json::Value body, ParseContext& context) {
  CommonParameters common;
  json::Value list;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("terms", member, common));
    if (is_common) continue;
    if (!list.isMissing())
      return parsingException("[terms] query does not support multiple fields, found [" + std::string(list.key()) +
                              "] and [" + std::string(member.key()) + "]");
    if (member.isObject()) return illegalArgument("[terms] look-up of values in another document is not offered");
    if (!member.isArray()) return unknownParameter("terms", member.key());
    list = member;
  }
  if (list.isMissing()) return parsingException("[terms] query requires a field name, followed by array of terms");
  if (list.size() > kMaxTerms)
    return illegalArgument("The number of terms [" + std::to_string(list.size()) +
                           "] used in the Terms Query request has exceeded the allowed maximum of [" +
                           std::to_string(kMaxTerms) + "]");
  std::vector<std::string> values;
  for (const json::Value element : list) {
    if (element.isNull()) return illegalArgument("No value specified for terms query");
    GYRE_TRY_ASSIGN(auto value, parseScalarText("terms", element));
    values.push_back(std::move(value));
  }
  GYRE_TRY_ASSIGN(auto query, makeFieldValuesQuery(list.key(), values, common.boost, context));
  return finishQuery(std::move(query), common, context);
}

Result<QueryPtr> parseIds(json::Value body, ParseContext& context) {
  CommonParameters common;
  std::vector<std::string> ids;
  bool has_values = false;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("ids", member, common));
    if (is_common) continue;
    if (member.key() != "values") return unknownParameter("ids", member.key());
    has_values = true;
    if (!member.isArray()) {
      GYRE_TRY_ASSIGN(auto id, parseScalarText("ids", member));
      ids.push_back(std::move(id));
    }
    for (const json::Value element : member) {
      GYRE_TRY_ASSIGN(auto id, parseScalarText("ids", element));
      ids.push_back(std::move(id));
    }
  }
  if (!has_values) return illegalArgument("[ids] requires providing at least the values");
  return finishQuery(std::make_unique<IdsQuery>(std::move(ids), common.boost), common, context);
}

Result<QueryPtr> parseExists(json::Value body, ParseContext& context) {
  CommonParameters common;
  std::string path;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("exists", member, common));
    if (is_common) continue;
    if (member.key() != "field" || !member.isString()) return unknownParameter("exists", member.key());
    path = member.string();
  }
  if (path.empty()) return parsingException("[exists] must be provided with a [field]");
  if (path == "_id" || path == "_index" || path == "_source")
    return finishQuery(makeAllQuery(common.boost), common, context);
  const Field* const field = context.mapping.find(path);
  if (field == nullptr) return finishQuery(makeNoneQuery(), common, context);
  std::vector<const Field*> leaves;
  collectLeaves(context.mapping, *field, leaves);
  for (const Field* const leaf : leaves) {
    // Neither terms, a column, nor lengths: nothing in the index knows which documents have it.
    if (!leaf->is_indexed && !leaf->has_doc_values)
      return illegalArgument("[exists] field [" + leaf->path + "] is neither indexed nor has doc_values");
  }
  return finishQuery(makeExistsQuery(std::move(leaves), common.boost), common, context);
}

}  // namespace gyre::engine
