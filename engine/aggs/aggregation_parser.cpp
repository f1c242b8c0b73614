#include "engine/aggs/aggregation_parser.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/aggs/pipeline.hpp"
#include "engine/aggs/significance.hpp"
#include "engine/mapping/column_check.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/field_query.hpp"
#include "engine/segment/named_segment.hpp"

namespace gyre::engine {

namespace {

enum class Place : std::uint8_t { kLeaf, kBuckets, kTopBuckets };

struct Kind {
  std::string_view name;
  AggregationParser parse;
  Place place;
};

constexpr Kind kKinds[] = {
    {"adjacency_matrix", parseAdjacencyMatrix, Place::kBuckets},
    {"auto_date_histogram", parseAutoDateHistogram, Place::kBuckets},
    {"avg", parseMetric, Place::kLeaf},
    {"avg_bucket", parseSiblingPipeline, Place::kLeaf},
    {"bucket_sort", parseBucketSort, Place::kLeaf},
    {"cardinality", parseCardinality, Place::kLeaf},
    {"composite", parseComposite, Place::kBuckets},
    {"cumulative_sum", parseParentPipeline, Place::kLeaf},
    {"date_histogram", parseDateHistogram, Place::kBuckets},
    {"date_range", parseRangeAggregation, Place::kBuckets},
    {"derivative", parseParentPipeline, Place::kLeaf},
    {"extended_stats", parseMetric, Place::kLeaf},
    {"extended_stats_bucket", parseSiblingPipeline, Place::kLeaf},
    {"filter", parseFilterAggregation, Place::kBuckets},
    {"filters", parseFiltersAggregation, Place::kBuckets},
    {"global", parseGlobalAggregation, Place::kTopBuckets},
    {"histogram", parseHistogram, Place::kBuckets},
    {"ip_range", parseIpRange, Place::kBuckets},
    {"max", parseMetric, Place::kLeaf},
    {"max_bucket", parseSiblingPipeline, Place::kLeaf},
    {"median_absolute_deviation", parsePercentiles, Place::kLeaf},
    {"min", parseMetric, Place::kLeaf},
    {"min_bucket", parseSiblingPipeline, Place::kLeaf},
    {"missing", parseMissingAggregation, Place::kBuckets},
    {"multi_terms", parseMultiTerms, Place::kBuckets},
    {"nested", parseNestedAggregation, Place::kBuckets},
    {"percentile_ranks", parsePercentiles, Place::kLeaf},
    {"percentiles", parsePercentiles, Place::kLeaf},
    {"percentiles_bucket", parseSiblingPipeline, Place::kLeaf},
    {"range", parseRangeAggregation, Place::kBuckets},
    {"rare_terms", parseRareTerms, Place::kBuckets},
    {"reverse_nested", parseReverseNestedAggregation, Place::kBuckets},
    {"sampler", parseSampler, Place::kBuckets},
    {"serial_diff", parseParentPipeline, Place::kLeaf},
    {"significant_terms", parseSignificantTerms, Place::kBuckets},
    {"stats", parseMetric, Place::kLeaf},
    {"stats_bucket", parseSiblingPipeline, Place::kLeaf},
    {"sum", parseMetric, Place::kLeaf},
    {"sum_bucket", parseSiblingPipeline, Place::kLeaf},
    {"terms", parseTermsAggregation, Place::kBuckets},
    {"top_hits", parseTopHits, Place::kLeaf},
    {"value_count", parseMetric, Place::kLeaf},
    {"weighted_avg", parseWeightedAverage, Place::kLeaf},
};

// Kinds whose buckets are as many as those of their parent.
constexpr std::string_view kHoldersOfComposite[] = {"filter", "nested", "reverse_nested"};

bool mayHoldComposite(std::string_view kind) {
  return std::find(std::begin(kHoldersOfComposite), std::end(kHoldersOfComposite), kind) !=
         std::end(kHoldersOfComposite);
}

bool holdsComposite(const Aggregations& subs) {
  return std::any_of(subs.begin(), subs.end(), [](const AggregationPtr& sub) {
    return sub->typedName() == "composite" ||
           (mayHoldComposite(sub->typedName()) && sub->subs() != nullptr && holdsComposite(*sub->subs()));
  });
}

std::string bracketed(std::string_view text) { return "[" + std::string(text) + "]"; }

// `walk` is null below another aggregation.
Result<Aggregations> parseLevel(json::Value body, ParseContext& context, const PointWalk* walk,
                                std::string_view parent);

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
  auto parsed = parseLevel(subs, context, nullptr, definition.key());
  context.nested_scope = outer;
  context.is_in_nested_aggregation = was_in_nested;
  return parsed;
}

Result<AggregationPtr> parseOne(json::Value definition, ParseContext& context, const PointWalk* walk,
                                std::string_view parent) {
  const std::string_view name = definition.key();
  if (name.empty() || name.find_first_of("[]>") != std::string_view::npos)
    return parsingException("Invalid aggregation name " + bracketed(name) +
                            ". Aggregation names can contain any character except '[', ']', and '>'");
  if (!definition.isObject())
    return parsingException("Aggregation definition for " + bracketed(name) + " must be an object");
  AggregationRequest request{{}, name, {}, {}, context, walk};
  std::string meta;
  bool has_subs = false;
  for (const json::Value member : definition) {
    if (member.key() == "aggs" || member.key() == "aggregations") {
      if (has_subs) return parsingException("Found two sub aggregation definitions under " + bracketed(name));
      has_subs = true;
      GYRE_TRY_ASSIGN(request.subs, parseBelow(definition, member, context));
    } else if (member.key() == "meta") {
      if (!member.isObject())
        return parsingException("Expected [START_OBJECT] under [meta], but got " +
                                std::string(json::kindName(member.kind())) + " in " + bracketed(name));
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
    return parsingException("Expected [START_OBJECT] under " + bracketed(request.kind) + ", but got " +
                            std::string(json::kindName(request.body.kind())) + " in " + bracketed(name));
  if (kind->place == Place::kTopBuckets && walk == nullptr)
    return Status(Code::kInvalidArgument, "aggregation_execution_exception",
                  "Aggregation [" + std::string(parent) + "] cannot have a global sub-aggregation " + bracketed(name) +
                      ". Global aggregations can only be defined as top level aggregations");
  if (kind->place == Place::kLeaf && !request.subs.empty())
    return Status(
        Code::kInvalidArgument, "aggregation_initialization_exception",
        "Aggregator " + bracketed(name) + " of type " + bracketed(request.kind) + " cannot accept sub-aggregations");
  GYRE_TRY_ASSIGN(auto aggregation, kind->parse(request));
  if (!mayHoldComposite(request.kind) && aggregation->subs() != nullptr && holdsComposite(*aggregation->subs()))
    return noticedBy(kByIndex,
                     illegalArgument("[composite] aggregation cannot be used with a parent aggregation of type: " +
                                     bracketed(request.kind)));
  aggregation->name = name;
  aggregation->meta = std::move(meta);
  return aggregation;
}

Result<Aggregations> parseLevel(json::Value body, ParseContext& context, const PointWalk* walk,
                                std::string_view parent) {
  if (!body.isObject()) return parsingException("Expected [START_OBJECT] under [aggs]");
  if (++context.depth > kMaxNesting)
    return illegalArgument("aggregations are nested deeper than " + std::to_string(kMaxNesting) + " levels");
  Aggregations aggregations;
  for (const json::Value definition : body) {
    GYRE_TRY_ASSIGN(auto aggregation, parseOne(definition, context, walk, parent));
    aggregations.push_back(std::move(aggregation));
  }
  --context.depth;
  return aggregations;
}

}  // namespace

Result<Aggregations> parseAggregations(json::Value body, ParseContext& context) {
  return parseLevel(body, context, nullptr, {});
}

Result<Aggregations> parseRequestedAggregations(json::Value body, json::Value query, ParseContext& context) {
  const PointWalk walk = PointWalk::under(query, context);
  GYRE_TRY_ASSIGN(auto aggregations, parseLevel(body, context, &walk, {}));
  GYRE_TRY(checkPipelines(aggregations, nullptr));
  return aggregations;
}

namespace {
bool takesRanges(std::string_view kind) { return kind == "date_histogram" || kind == "histogram" || kind == "missing"; }

// What segments have of `_index`, see withIndexName.
const Field* indexNameField() {
  static const Field field = [] {
    Field made;
    made.path = made.name = kIndexNamePath;
    made.type = FieldType::kKeyword;
    made.type_name = kIndexNamePath;
    made.is_indexed = false;
    return made;
  }();
  return &field;
}
}  // namespace

Result<AggregatedField> readField(const AggregationRequest& request, json::Value value) {
  if (!value.isString()) return parsingException(bracketed(request.kind) + " [field] must be a string");
  AggregatedField result;
  result.path = value.string();
  const Field* field = request.context.mapping.find(value.string());
  if (result.path == kIndexNamePath && request.kind != "significant_terms") field = indexNameField();
  for (const std::string_view own : {"_id", "_ignored", "_routing", "_seq_no", "_version"})
    if (result.path == own)
      return noticedBy(kByIndex, illegalArgument("Fielddata is not supported on field " + bracketed(own) + " of type " +
                                                 bracketed(own)));
  if (const Field* const flat = request.context.mapping.flatObjectAt(result.path)) {
    if (flat == field)
      return illegalArgument("Field [" + flat->path +
                             "] of type [flat_object] does not support doc_value in root field");
    Field leaf;
    leaf.path = result.path;
    leaf.type = FieldType::kFlatObject;
    return unsupportedField(request, leaf);
  }
  if (field == nullptr || field->type == FieldType::kObject) return result;
  if (field->type_name == "geo_point" && field->has_doc_values) return unsupportedField(request, *field);
  GYRE_TRY(checkColumn(*field));
  if (field->type == FieldType::kRange && !takesRanges(request.kind)) return unsupportedField(request, *field);
  result.field = field;
  result.path = field->path;  // an alias is another name
  return result;
}

Status unsupportedField(const AggregationRequest& request, const Field& field) {
  const bool is_place = field.type_name == "geo_point";
  return illegalArgument("Field [" + field.path + "] of type [" +
                         std::string(is_place ? field.type_name : typeName(field.type)) +
                         "] is not supported for aggregation [" + std::string(request.kind) + "]");
}

Status unknownAggregationParameter(const AggregationRequest& request, std::string_view parameter) {
  return unknownField(request.kind, parameter);
}

Status failedField(const AggregationRequest& request, std::string_view field, const std::string& why) {
  return {Code::kInvalidArgument, "x_content_parse_exception",
          bracketed(request.kind) + " failed to parse field " + bracketed(field) + ": " + why};
}

Result<std::uint64_t> readMinDocCount(const AggregationRequest& request, json::Value value) {
  GYRE_TRY_ASSIGN(const std::int64_t count, parseWhole(request.kind, value));
  if (count < 0)
    return failedField(request, value.key(),
                       "[minDocCount] must be greater than or equal to 0. Found [" + std::to_string(count) + "] in " +
                           bracketed(request.name));
  return static_cast<std::uint64_t>(count);
}

}  // namespace gyre::engine
