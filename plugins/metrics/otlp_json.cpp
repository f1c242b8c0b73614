// OTLP metrics as JSON. Source: opentelemetry-proto, "JSON Protobuf Encoding": 64-bit integers are strings or numbers,
// doubles may be "NaN" and "Infinity".
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "gyre/json.hpp"
#include "gyre/schema.hpp"
#include "otlp.hpp"

namespace gyre::metrics::otlp {
namespace {

constexpr int kMaxDepth = 16;

// Why something cannot be read as what it should be: of a data point its own, else of the whole body. The first counts.
class Faults {
 public:
  void add(std::string_view member, std::string_view expected, json::Value found) {
    if (!text_.empty()) return;
    text_.append(member).append(": expected ").append(expected).append(", found ").append(detail::shown(found));
  }
  std::string take() { return std::exchange(text_, {}); }
  bool isEmpty() const { return text_.empty(); }

 private:
  std::string text_;
};

bool isAbsent(json::Value value) { return value.isMissing() || value.isNull(); }

template <class Whole>
Whole wholeOf(json::Value value, std::string_view member, Faults& faults) {
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  Whole out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return out;
  // 5.0 and 1e3 are whole too; beyond 2^53 they would not be exact.
  const auto number = value.isString() ? parseSampleValue(text) : value.real();
  using Limits = std::numeric_limits<Whole>;
  constexpr double kExact = 9007199254740992.0;
  constexpr double kLowest = sizeof(Whole) < 8 ? static_cast<double>(Limits::min()) : Limits::is_signed ? -kExact : 0;
  constexpr double kHighest = sizeof(Whole) < 8 ? static_cast<double>(Limits::max()) : kExact;
  if (number && *number >= kLowest && *number <= kHighest && std::trunc(*number) == *number)
    return static_cast<Whole>(*number);
  faults.add(member,
             std::string("a whole number ") + (Limits::is_signed ? "of " : "from 0 of ") +
                 std::to_string(8 * sizeof(Whole)) + " bits",
             value);
  return 0;
}

template <class Whole>
Whole whole(json::Value holder, std::string_view member, Faults& faults) {
  const json::Value value = holder[member];
  return isAbsent(value) ? 0 : wholeOf<Whole>(value, member, faults);
}

double realOf(json::Value value, std::string_view member, Faults& faults) {
  const auto number = value.isString() ? parseSampleValue(value.string()) : value.real();
  if (!number) faults.add(member, "a number", value);
  return number.value_or(NAN);
}

double real(json::Value holder, std::string_view member, Faults& faults) {
  const json::Value value = holder[member];
  return isAbsent(value) ? 0 : realOf(value, member, faults);
}

std::string_view text(json::Value holder, std::string_view member, Faults& faults) {
  const json::Value value = holder[member];
  if (!isAbsent(value) && !value.isString()) faults.add(member, "a string", value);
  return value.string();
}

bool truth(json::Value holder, std::string_view member, Faults& faults) {
  const json::Value value = holder[member];
  if (!isAbsent(value) && !value.isBoolean()) faults.add(member, "true or false", value);
  return value.boolean();
}

json::Value object(json::Value holder, std::string_view member, Faults& faults) {
  const json::Value value = holder[member];
  if (isAbsent(value) || value.isObject()) return value;
  faults.add(member, "an object", value);
  return {};
}

template <class Read>
void forEach(json::Value holder, std::string_view member, Faults& faults, const Read& read) {
  const json::Value list = holder[member];
  if (isAbsent(list)) return;
  if (!list.isArray()) return faults.add(member, "an array", list);
  for (const json::Value each : list) read(each);
}

template <class Read>
void forEachObject(json::Value holder, std::string_view member, Faults& faults, const Read& read) {
  forEach(holder, member, faults, [&](json::Value each) {
    if (each.isObject())
      read(each);
    else
      faults.add(member, "objects", each);
  });
}

std::string anyValue(json::Value value, int depth, Faults& faults) {
  if (depth > kMaxDepth) return {};
  if (!isAbsent(value["stringValue"])) return std::string(text(value, "stringValue", faults));
  if (!isAbsent(value["boolValue"])) return truth(value, "boolValue", faults) ? "true" : "false";
  if (!isAbsent(value["intValue"])) return std::to_string(whole<std::int64_t>(value, "intValue", faults));
  if (!isAbsent(value["doubleValue"])) return valueText(real(value, "doubleValue", faults));
  if (!isAbsent(value["bytesValue"])) return std::string(text(value, "bytesValue", faults));
  std::string out;
  if (const json::Value list = object(value, "arrayValue", faults); list.isObject()) {
    out.assign(1, '[');
    forEachObject(list, "values", faults, [&](json::Value each) {
      if (out.size() > 1) out.append(1, ',');
      out.append(anyValue(each, depth + 1, faults));
    });
    out.append(1, ']');
  }
  return out;
}

Attributes attributesOf(json::Value holder, Faults& faults) {
  Attributes out;
  forEachObject(holder, "attributes", faults, [&](json::Value each) {
    out.emplace_back(text(each, "key", faults), anyValue(object(each, "value", faults), 0, faults));
  });
  return out;
}

std::vector<std::uint64_t> countsOf(json::Value holder, Faults& faults) {
  std::vector<std::uint64_t> out;
  forEach(holder, "bucketCounts", faults,
          [&](json::Value each) { out.push_back(wholeOf<std::uint64_t>(each, "bucketCounts", faults)); });
  return out;
}

Buckets bucketsOf(json::Value holder, std::string_view member, Faults& faults) {
  const json::Value value = object(holder, member, faults);
  return {whole<std::int32_t>(value, "offset", faults), countsOf(value, faults)};
}

Point pointOf(json::Value value) {
  Faults faults;
  Point point;
  point.attributes = attributesOf(value, faults);
  point.time_nanos = whole<std::uint64_t>(value, "timeUnixNano", faults);
  point.flags = whole<std::uint32_t>(value, "flags", faults);
  if (!isAbsent(value["asDouble"])) {
    point.has_value = true;
    point.value = real(value, "asDouble", faults);
  } else if (!isAbsent(value["asInt"])) {
    point.has_value = true;
    point.value = static_cast<double>(whole<std::int64_t>(value, "asInt", faults));
  }
  point.count = whole<std::uint64_t>(value, "count", faults);
  point.has_sum = !isAbsent(value["sum"]);
  if (point.has_sum) point.sum = real(value, "sum", faults);
  forEach(value, "explicitBounds", faults,
          [&](json::Value each) { point.bounds.push_back(realOf(each, "explicitBounds", faults)); });
  point.counts = countsOf(value, faults);
  point.scale = whole<std::int32_t>(value, "scale", faults);
  point.zero_count = whole<std::uint64_t>(value, "zeroCount", faults);
  point.zero_threshold = real(value, "zeroThreshold", faults);
  point.positive = bucketsOf(value, "positive", faults);
  point.negative = bucketsOf(value, "negative", faults);
  forEachObject(value, "quantileValues", faults, [&](json::Value each) {
    point.quantiles.emplace_back(real(each, "quantile", faults), real(each, "value", faults));
  });
  point.fault = faults.take();
  return point;
}

std::int64_t temporalityOf(json::Value data, Faults& faults) {
  const json::Value value = data["aggregationTemporality"];
  if (value.string() == "AGGREGATION_TEMPORALITY_DELTA") return 1;
  if (value.string() == "AGGREGATION_TEMPORALITY_CUMULATIVE") return 2;
  if (value.string() == "AGGREGATION_TEMPORALITY_UNSPECIFIED") return 0;
  return whole<std::int32_t>(data, "aggregationTemporality", faults);
}

Metric metricOf(json::Value value, Faults& faults) {
  static constexpr std::pair<std::string_view, Kind> kKinds[] = {{"gauge", Kind::kGauge},
                                                                 {"sum", Kind::kSum},
                                                                 {"histogram", Kind::kHistogram},
                                                                 {"exponentialHistogram", Kind::kExponentialHistogram},
                                                                 {"summary", Kind::kSummary}};
  Metric metric;
  metric.name = text(value, "name", faults);
  metric.description = text(value, "description", faults);
  metric.unit = text(value, "unit", faults);
  for (const auto& [name, kind] : kKinds) {
    const json::Value data = object(value, name, faults);
    if (!data.isObject()) continue;
    metric.kind = kind;
    metric.temporality = temporalityOf(data, faults);
    metric.is_monotonic = truth(data, "isMonotonic", faults);
    forEachObject(data, "dataPoints", faults, [&](json::Value point) { metric.points.push_back(pointOf(point)); });
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
  Faults faults;
  forEachObject(root, "resourceMetrics", faults, [&](json::Value each) {
    Resource resource;
    resource.attributes = attributesOf(object(each, "resource", faults), faults);
    forEachObject(each, "scopeMetrics", faults, [&](json::Value inner) {
      Scope scope;
      const json::Value named = object(inner, "scope", faults);
      scope.name = text(named, "name", faults);
      scope.version = text(named, "version", faults);
      forEachObject(inner, "metrics", faults,
                    [&](json::Value metric) { scope.metrics.push_back(metricOf(metric, faults)); });
      resource.scopes.push_back(std::move(scope));
    });
    request.push_back(std::move(resource));
  });
  if (!faults.isEmpty()) return invalidArgument("OTLP metrics: " + faults.take());
  return request;
}

}  // namespace gyre::metrics::otlp
