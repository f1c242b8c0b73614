// Samples as JSON objects: NDJSON, bulk requests, RecordMetrics.
#include <algorithm>
#include <string>
#include <vector>

#include "gyre/faults.hpp"
#include "gyre/schema.hpp"
#include "gyre/time.hpp"
#include "metrics.hpp"
#include "sample_sink.hpp"

namespace gyre::metrics {
namespace {

constexpr std::string_view kMembers[] = {"name", "labels", "value", "timestamp", "type", "help", "unit"};

// One sample as an object; its texts live as long as the document.
struct Measured {
  std::vector<Label> labels;
  std::int64_t time_millis = 0;
  double value = 0;
  MetricDescription description;
};

std::string foundText(json::Value value) { return value.isMissing() ? std::string("nothing") : detail::shown(value); }

// "" or what is wrong.
std::string readMeasured(json::Value object, std::int64_t now_millis, Measured& out) {
  if (!object.isObject()) return "expected an object with name, value, labels and timestamp";
  for (const json::Value member : object)
    if (std::find(std::begin(kMembers), std::end(kMembers), member.key()) == std::end(kMembers))
      return std::string(member.key().substr(0, 60)) + ": unknown member";
  if (!object["name"].isString() || object["name"].string().empty())
    return "name: expected the name of a metric, found " + foundText(object["name"]);
  out.labels.assign(1, {"__name__", object["name"].string()});
  if (const json::Value labels = object["labels"]; !labels.isMissing() && !labels.isNull()) {
    if (!labels.isObject()) return "labels: expected an object of strings, found " + foundText(labels);
    for (const json::Value label : labels) {
      if (!label.isString())
        return "labels/" + std::string(label.key().substr(0, 60)) + ": expected a string, found " + foundText(label);
      out.labels.push_back({label.key(), label.string()});
    }
  }
  const json::Value value = object["value"];
  const auto number = value.isString() ? parseSampleValue(value.string()) : value.real();
  if (!number) return "value: expected a number, \"NaN\", \"+Inf\" or \"-Inf\", found " + foundText(value);
  out.value = *number;
  out.time_millis = now_millis;
  if (const json::Value time = object["timestamp"]; !time.isMissing() && !time.isNull()) {
    const auto millis = time.isString() ? parseTime(time.string()) : time.integer();
    if (!millis) return "timestamp: expected milliseconds since 1970 or an RFC 3339 time, found " + foundText(time);
    out.time_millis = *millis;
  }
  out.description = {};
  if (const json::Value type = object["type"]; !type.isMissing()) {
    const auto parsed = parseType(type.string());
    if (!parsed) return "type: expected counter, gauge, histogram, summary or unknown, found " + foundText(type);
    out.description.type = *parsed;
  }
  out.description.help = object["help"].string();
  out.description.unit = object["unit"].string();
  return {};
}

constexpr Member kSampleMembers[] = {
    {.name = "name", .type = Type::kString, .is_required = true, .help = "of the metric"},
    {"labels", Type::kObject, false, "an object of strings"},
    {.name = "value", .type = Type::kDecimal, .is_required = true, .help = "a number, or \"NaN\", \"+Inf\", \"-Inf\""},
    {"timestamp", Type::kString, false, "milliseconds since 1970 or an RFC 3339 time; now when absent"},
    {.name = "type", .type = Type::kString, .help = "counter, gauge, histogram, summary"},
    {.name = "help", .type = Type::kString, .help = "what the metric means"},
    {.name = "unit", .type = Type::kString, .help = "what it is measured in"},
};
Table sampleMembers() { return kSampleMembers; }

constexpr Member kRecordBody[] = {{.name = "metrics",
                                   .type = Type::kObjectList,
                                   .is_required = true,
                                   .help = "samples",
                                   .maximum = 10'000,
                                   .members = &sampleMembers}};

}  // namespace

Status takeDocuments(const IntakeCall& call, Records& records) {
  SampleSink sink(records, call.time_millis, call.organization_id);
  std::string_view rest = call.body;
  for (std::uint64_t line = 0; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto document = json::Document::parse(text);
    if (!document.isOk()) {
      sink.reject(line, document.status().message());
      continue;
    }
    Measured measured;
    if (const std::string reason = readMeasured(document.value().root(), call.time_millis, measured); !reason.empty())
      sink.reject(line, reason);
    else
      sink.add(line, measured.labels, measured.time_millis, measured.value, measured.description);
  }
  sink.finish();
  return {};
}

Table recordMetricsBody() { return kRecordBody; }

Status recordMetrics(const Command& command, Records& records) {
  const json::Value list = command.body["metrics"];
  if (!list.isArray() || list.size() == 0)
    return invalidArgument("no samples").addFault("/metrics", "expected a list of at least one sample");
  if (list.size() > 10'000)
    return invalidArgument("too many samples")
        .addFault("/metrics", "expected at most 10000, found " + std::to_string(list.size()));
  SampleSink sink(records, command.time_millis, command.organization_id);
  Status refusal(Code::kInvalidArgument, "invalid_metrics", "samples cannot be taken");
  std::uint64_t position = 0;
  std::size_t faults = 0;
  for (const json::Value each : list) {
    Measured measured;
    std::string reason = readMeasured(each, command.time_millis, measured);
    if (reason.empty()) {
      const auto number = sink.series(measured.labels, measured.description);
      reason = sink.reason();
      if (number) sink.sample(position, *number, measured.time_millis, measured.value);
    }
    if (!reason.empty()) {
      refusal.addFault("/metrics/" + std::to_string(position), reason);
      ++faults;
    }
    ++position;
  }
  if (faults > 0) return refusal;
  sink.finish();
  return {};
}

}  // namespace gyre::metrics
