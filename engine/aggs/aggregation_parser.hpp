// Which aggregations does this JSON ask for?
//
// One parser a kind, in a table by name (aggregation_parser.cpp); whatever a parser does not know is refused.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/aggs/aggregation.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/query_rewriting.hpp"

namespace gyre::engine {

// The aggregations of a request: {"name": {"kind": {…}, "aggs": {…}, "meta": {…}}, …}.
// `query` is the request's, missing for none: the dialect reads values by it.
Result<Aggregations> parseRequestedAggregations(json::Value body, json::Value query, ParseContext& context);
// Those of one level.
Result<Aggregations> parseAggregations(json::Value body, ParseContext& context);

// ---- for the parsers of the kinds -----------------------------------------------------------------------------------

// What a kind is asked with: its name, its body, and the aggregations below, which bucket kinds take.
struct AggregationRequest {
  std::string_view kind;
  std::string_view name;
  json::Value body;
  Aggregations subs;
  ParseContext& context;
  const PointWalk* walk = nullptr;  // what a walk through points would read; null below another aggregation
};
using AggregationPtr = std::unique_ptr<Aggregation>;
using AggregationParser = Result<AggregationPtr> (*)(AggregationRequest& request);

// The field an aggregation reads.
struct AggregatedField {
  std::string path;
  const Field* field = nullptr;  // null when the mapping has none: there are no values then
};
// Refuses text, completion and fields without doc values, in the dialect's words.
Result<AggregatedField> readField(const AggregationRequest& request, json::Value value);
Status unsupportedField(const AggregationRequest& request, const Field& field);
Status unknownAggregationParameter(const AggregationRequest& request, std::string_view parameter);
// "[terms] failed to parse field [size]: …", as x_content_parse_exception.
Status failedField(const AggregationRequest& request, std::string_view field, const std::string& why);
// "min_doc_count".
Result<std::uint64_t> readMinDocCount(const AggregationRequest& request, json::Value value);

Result<AggregationPtr> parseMetric(AggregationRequest& request);
Result<AggregationPtr> parseCardinality(AggregationRequest& request);
Result<AggregationPtr> parsePercentiles(AggregationRequest& request);
Result<AggregationPtr> parseWeightedAverage(AggregationRequest& request);
Result<AggregationPtr> parseTermsAggregation(AggregationRequest& request);
Result<AggregationPtr> parseRareTerms(AggregationRequest& request);
Result<AggregationPtr> parseMultiTerms(AggregationRequest& request);
Result<AggregationPtr> parseComposite(AggregationRequest& request);
Result<AggregationPtr> parseHistogram(AggregationRequest& request);
Result<AggregationPtr> parseDateHistogram(AggregationRequest& request);
Result<AggregationPtr> parseAutoDateHistogram(AggregationRequest& request);
Result<AggregationPtr> parseRangeAggregation(AggregationRequest& request);
Result<AggregationPtr> parseIpRange(AggregationRequest& request);
Result<AggregationPtr> parseFilterAggregation(AggregationRequest& request);
Result<AggregationPtr> parseFiltersAggregation(AggregationRequest& request);
Result<AggregationPtr> parseAdjacencyMatrix(AggregationRequest& request);
Result<AggregationPtr> parseMissingAggregation(AggregationRequest& request);
Result<AggregationPtr> parseNestedAggregation(AggregationRequest& request);
Result<AggregationPtr> parseReverseNestedAggregation(AggregationRequest& request);
Result<AggregationPtr> parseGlobalAggregation(AggregationRequest& request);
Result<AggregationPtr> parseTopHits(AggregationRequest& request);
Result<AggregationPtr> parseParentPipeline(AggregationRequest& request);
Result<AggregationPtr> parseSiblingPipeline(AggregationRequest& request);
Result<AggregationPtr> parseBucketSort(AggregationRequest& request);

}  // namespace gyre::engine
