// OTLP metrics as JSON. Source: opentelemetry-proto, "JSON Protobuf Encoding": 64-bit integers are strings or numbers,
// doubles may be "NaN" and "Infinity".
#include <charconv>
#include <cmath>

#include "gyre/json.hpp"
#include "otlp.hpp"

namespace gyre::metrics::otlp {
namespace {

constexpr int kMaxDepth = 16;

template <class Whole>
Whole whole(json::Value value) {
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  Whole out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

double real(json::Value value) {
  if (value.isString()) return parseSampleValue(value.string()).value_or(NAN);
  return value.real().value_or(NAN);
}

std::string anyValue(json::Value value, int depth) {
  if (depth > kMaxDepth) return {};
  if (const json::Value text = value["stringValue"]; !text.isMissing()) return std::string(text.string());
  if (const json::Value truth = value["boolValue"]; !truth.isMissing()) return truth.boolean() ? "true" : "false";
  if (const json::Value number = value["intValue"]; !number.isMissing())
    return std::to_string(whole<std::int64_t>(number));
  if (const json::Value number = value["doubleValue"]; !number.isMissing()) return valueText(real(number));
  if (const json::Value text = value["bytesValue"]; !text.isMissing()) return std::string(text.string());
  std::string out;
  if (const json::Value list = value["arrayValue"]; !list.isMissing()) {
    out.assign(1, '[');
    for (const json::Value each : list["values"]) {
      if (out.size() > 1) out.append(1, ',');
      out.append(anyValue(each, depth + 1));
    }
    out.append(1, ']');
  }
  return out;
}

Attributes attributesOf(json::Value holder) {
  Attributes out;
  for (const json::Value each : holder["attributes"])
    out.emplace_back(each["key"].string(), anyValue(each["value"], 0));
  return out;
}

template <class Number, class Read>
std::vector<Number> listOf(json::Value list, const Read& read) {
  std::vector<Number> out;
  for (const json::Value each : list) out.push_back(read(each));
  return out;
}

Buckets bucketsOf(json::Value value) {
  return {whole<std::int64_t>(value["offset"]), listOf<std::uint64_t>(value["bucketCounts"], &whole<std::uint64_t>)};
}

Point pointOf(json::Value value) {
  Point point;
  point.attributes = attributesOf(value);
  point.time_nanos = whole<std::uint64_t>(value["timeUnixNano"]);
  point.flags = whole<std::uint64_t>(value["flags"]);
  if (const json::Value number = value["asDouble"]; !number.isMissing()) {
    point.has_value = true;
    point.value = real(number);
  } else if (const json::Value integer = value["asInt"]; !integer.isMissing()) {
    point.has_value = true;
    point.value = static_cast<double>(whole<std::int64_t>(integer));
  }
  point.count = whole<std::uint64_t>(value["count"]);
  point.has_sum = !value["sum"].isMissing();
  if (point.has_sum) point.sum = real(value["sum"]);
  point.bounds = listOf<double>(value["explicitBounds"], &real);
  point.counts = listOf<std::uint64_t>(value["bucketCounts"], &whole<std::uint64_t>);
  point.scale = whole<std::int64_t>(value["scale"]);
  point.zero_count = whole<std::uint64_t>(value["zeroCount"]);
  if (const json::Value threshold = value["zeroThreshold"]; !threshold.isMissing())
    point.zero_threshold = real(threshold);
  point.positive = bucketsOf(value["positive"]);
  point.negative = bucketsOf(value["negative"]);
  for (const json::Value each : value["quantileValues"])
    point.quantiles.emplace_back(each["quantile"].isMissing() ? 0 : real(each["quantile"]),
                                 each["value"].isMissing() ? 0 : real(each["value"]));
  return point;
}

std::int64_t temporalityOf(json::Value value) {
  if (value.string() == "AGGREGATION_TEMPORALITY_DELTA") return 1;
  if (value.string() == "AGGREGATION_TEMPORALITY_CUMULATIVE") return 2;
  return whole<std::int64_t>(value);
}

Metric metricOf(json::Value value) {
  static constexpr std::pair<std::string_view, Kind> kKinds[] = {{"gauge", Kind::kGauge},
                                                                 {"sum", Kind::kSum},
                                                                 {"histogram", Kind::kHistogram},
                                                                 {"exponentialHistogram", Kind::kExponentialHistogram},
                                                                 {"summary", Kind::kSummary}};
  Metric metric;
  metric.name = value["name"].string();
  metric.description = value["description"].string();
  metric.unit = value["unit"].string();
  for (const auto& [name, kind] : kKinds) {
    const json::Value data = value[name];
    if (!data.isObject()) continue;
    metric.kind = kind;
    metric.temporality = temporalityOf(data["aggregationTemporality"]);
    metric.is_monotonic = data["isMonotonic"].boolean();
    for (const json::Value point : data["dataPoints"]) metric.points.push_back(pointOf(point));
  }
  return metric;
}

}  // namespace

Result<Request> readJson(std::string_view body) {
  auto document = json::Document::parse(body);
  if (!document.isOk()) return document.status().withPrefix("OTLP metrics");
  const json::Value root = document.value().root();
  if (!root.isObject()) return invalidArgument("OTLP metrics: expected a JSON object");
  Request request;
  for (const json::Value each : root["resourceMetrics"]) {
    Resource resource;
    resource.attributes = attributesOf(each["resource"]);
    for (const json::Value inner : each["scopeMetrics"]) {
      Scope scope;
      scope.name = inner["scope"]["name"].string();
      scope.version = inner["scope"]["version"].string();
      for (const json::Value metric : inner["metrics"]) scope.metrics.push_back(metricOf(metric));
      resource.scopes.push_back(std::move(scope));
    }
    request.push_back(std::move(resource));
  }
  return request;
}

}  // namespace gyre::metrics::otlp
