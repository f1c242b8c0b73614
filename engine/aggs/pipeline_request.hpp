// What do the bodies of pipelines have in common?
//
// THREADS: free functions.
#pragma once

#include <optional>
#include <string>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/decimal_format.hpp"
#include "engine/aggs/pipeline.hpp"

namespace gyre::engine {

struct PipelineParameters {
  std::string path;
  GapPolicy gap_policy = GapPolicy::kSkip;
  std::optional<DecimalFormat> format;
};

// Takes the member when it is one of these; false when it is none.
Result<bool> readPipelineMember(const AggregationRequest& request, json::Value member, PipelineParameters& parameters);
Status unexpectedMember(const AggregationRequest& request, json::Value member);
// "value": …, and what the format makes of it.
void writePipelineValue(std::string_view name, double value, const std::optional<DecimalFormat>& format,
                        JsonWriter& writer);

}  // namespace gyre::engine
