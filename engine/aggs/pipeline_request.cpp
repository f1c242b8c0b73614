#include "engine/aggs/pipeline_request.hpp"

#include <cmath>

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

std::string_view tokenOf(json::Value value) {
  switch (value.kind()) {
    case json::Kind::kString: return "VALUE_STRING";
    case json::Kind::kNumber: return "VALUE_NUMBER";
    case json::Kind::kBoolean: return "VALUE_BOOLEAN";
    case json::Kind::kObject: return "START_OBJECT";
    case json::Kind::kArray: return "START_ARRAY";
    default: return "VALUE_NULL";
  }
}

}  // namespace

Status unexpectedMember(const AggregationRequest& request, json::Value member) {
  return parsingException("Unexpected token " + std::string(tokenOf(member)) + " [" + std::string(member.key()) +
                          "] in [" + std::string(request.name) + "]");
}

Result<bool> readPipelineMember(const AggregationRequest& request, json::Value member, PipelineParameters& parameters) {
  if (member.key() == "buckets_path") {
    // Of several paths the dialect reads the first.
    const json::Value path = member.isArray() && member.size() > 0 ? *member.begin() : member;
    if (!path.isString()) return unexpectedMember(request, member);
    parameters.path = path.string();
    return true;
  }
  if (member.key() == "gap_policy") {
    if (member.string() != "skip" && member.string() != "insert_zeros")
      return parsingException("Invalid gap policy: [" +
                              std::string(member.isString() ? member.string() : member.raw()) +
                              "], accepted values: [insert_zeros, skip]");
    parameters.gap_policy = member.string() == "skip" ? GapPolicy::kSkip : GapPolicy::kInsertZeros;
    return true;
  }
  if (member.key() == "format") {
    if (!member.isString()) return unexpectedMember(request, member);
    GYRE_TRY_ASSIGN(parameters.format, DecimalFormat::parse(member.string()));
    return true;
  }
  return false;
}

void writePipelineValue(std::string_view name, double value, const std::optional<DecimalFormat>& format,
                        JsonWriter& writer) {
  writeDouble(value, writer.key(name));
  if (format && std::isfinite(value)) writer.member(std::string(name) + "_as_string", format->text(value));
}

}  // namespace gyre::engine
