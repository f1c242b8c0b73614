#include "engine/aggs/aggregation_parser.hpp"

#include <algorithm>
#include <utility>

#include "engine/query/field_query.hpp"

namespace gyre::engine {

namespace {

struct Kind {
  std::string_view name;
  AggregationParser parse;
  bool has_buckets;
};

constexpr Kind kKinds[] = {
    {"avg", parseMetric, false},
    {"date_histogram", parseDateHistogram, true},
    {"filter", parseFilterAggregation, true},
    {"filters", parseFiltersAggregation, true},
    {"max", parseMetric, false},
    {"min", parseMetric, false},
    {"missing", parseMissingAggregation, true},
    {"nested", parseNestedAggregation, true},
    {"range", parseRangeAggregation, true},
    {"reverse_nested", parseReverseNestedAggregation, true},
    {"stats", parseMetric, false},
    {"sum", parseMetric, false},
    {"terms", parseTermsAggregation, true},
    {"value_count", parseMetric, false},
};

std::string bracketed(std::string_view text) { return "[" + std::string(text) + "]"; }

// The aggregations below one, which stand among the documents that it goes to.
Result<Aggregations> parseBelow(json::Value definition, json::Value subs, ParseContext& context) {
  const Field* const outer = context.nested_scope;
  const bool was_in_nested = context.is_in_nested_aggregation;
  const json::Value nested = definition["nested"], reverse = definition["reverse_nested"];
  const Field* const object = context.mapping.find((nested.isObject() ? nested : reverse)["path"].string());
  const bool is_nested = object != nullptr && object->is_nested;
  if (nested.isObject()) {
    context.is_in_nested_aggregation = true;
    if (is_nested) context.nested_scope = object;
  } else if (reverse.isObject()) {
    context.nested_scope = is_nested ? object : nullptr;
  }
  auto parsed = parseAggregations(subs, context);
  context.nested_scope = outer;
  context.is_in_nested_aggregation = was_in_nested;
  return parsed;
}

Result<AggregationPtr> parseOne(json::Value definition, ParseContext& context) {
  const std::string_view name = definition.key();
  if (name.empty() || name.find_first_of("[]>") != std::string_view::npos)
    return parsingException("Invalid aggregation name " + bracketed(name) +
                            ". Aggregation names can contain any character except '[', ']', and '>'");
  if (!definition.isObject())
    return parsingException("Aggregation definition for " + bracketed(name) + " must be an object");
  AggregationRequest request{{}, name, {}, {}, context};
  std::string meta;
  bool has_subs = false;
  for (const json::Value member : definition) {
    if (member.key() == "aggs" || member.key() == "aggregations") {
      if (has_subs) return parsingException("Found two sub aggregation definitions under " + bracketed(name));
      has_subs = true;
      GYRE_TRY_ASSIGN(request.subs, parseBelow(definition, member, context));
    } else if (member.key() == "meta") {
      if (!member.isObject()) return parsingException("[meta] of " + bracketed(name) + " must be an object");
      meta = member.raw();
    } else if (!request.kind.empty()) {
      return parsingException("Found two aggregation type definitions in " + bracketed(name) + ": " +
                              bracketed(request.kind) + " and " + bracketed(member.key()));
    } else {
      request.kind = member.key();
      request.body = member;
    }
  }
  if (request.kind.empty()) return parsingException("Missing definition for aggregation " + bracketed(name));
  const auto* const kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& known) { return known.name == request.kind; });
  if (kind == std::end(kKinds)) return parsingException("Unknown aggregation type " + bracketed(request.kind));
  if (!request.body.isObject() && request.kind != "filter")
    return parsingException("Expected [START_OBJECT] under " + bracketed(request.kind) + " in " + bracketed(name));
  if (!kind->has_buckets && !request.subs.empty())
    return Status(
        Code::kInvalidArgument, "aggregation_initialization_exception",
        "Aggregator " + bracketed(name) + " of type " + bracketed(request.kind) + " cannot accept sub-aggregations");
  GYRE_TRY_ASSIGN(auto aggregation, kind->parse(request));
  aggregation->name = name;
  aggregation->meta = std::move(meta);
  return aggregation;
}

}  // namespace

Result<Aggregations> parseAggregations(json::Value body, ParseContext& context) {
  if (!body.isObject()) return parsingException("Expected [START_OBJECT] under [aggs]");
  if (++context.depth > kMaxNesting)
    return illegalArgument("aggregations are nested deeper than " + std::to_string(kMaxNesting) + " levels");
  Aggregations aggregations;
  for (const json::Value definition : body) {
    GYRE_TRY_ASSIGN(auto aggregation, parseOne(definition, context));
    aggregations.push_back(std::move(aggregation));
  }
  --context.depth;
  return aggregations;
}

Result<AggregatedField> readField(const AggregationRequest& request, json::Value value) {
  if (!value.isString()) return parsingException(bracketed(request.kind) + " [field] must be a string");
  AggregatedField result;
  result.path = value.string();
  const Field* const field = request.context.mapping.find(value.string());
  if (field == nullptr || field->type == FieldType::kObject) return result;
  if (field->type == FieldType::kText)
    return illegalArgument(
        "Text fields are not optimised for operations that require per-document field data like aggregations and "
        "sorting, so these operations are disabled by default. Please use a keyword field instead. Alternatively, set "
        "fielddata=true on [" +
        field->path +
        "] in order to load field data by uninverting the inverted index. Note that this can use significant memory.");
  if (field->type == FieldType::kCompletion || !field->has_doc_values)
    return illegalArgument("Can't load fielddata on [" + field->path +
                           "] because fielddata is unsupported on fields of type [" +
                           std::string(typeName(field->type)) + "]. Use doc values instead.");
  result.field = field;
  return result;
}

Status unsupportedField(const AggregationRequest& request, const Field& field) {
  return illegalArgument("Field [" + field.path + "] of type [" + std::string(typeName(field.type)) +
                         "] is not supported for aggregation [" + std::string(request.kind) + "]");
}

Status unknownAggregationParameter(const AggregationRequest& request, std::string_view parameter) {
  return unknownField(request.kind, parameter);
}

}  // namespace gyre::engine
