// Which ways do samples take into the metrics domain, and what is asked of it?
//
// THREADS: pure functions; options are set once, before any call.
#pragma once

#include <cstdint>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/plugin.hpp"
#include "gyre/schema.hpp"
#include "gyre/status.hpp"
#include "gyre/stream.hpp"

namespace gyre::metrics {

// options.json
struct Limits {
  std::int64_t max_labels = 128;
  std::int64_t max_label_bytes = 4096;
  std::int64_t max_future_seconds = 86'400;
};
const Limits& limits();
Status configure(json::Value options);

// Prometheus remote write 1.0: a protobuf WriteRequest, its snappy undone.
Status takeRemoteWrite(const IntakeCall& call, Records& records);
// OTLP/HTTP metrics, protobuf or JSON by media type.
Status takeOtlp(const IntakeCall& call, Records& records);
// Prometheus text exposition 0.0.4 or OpenMetrics 1.0 by media type. URL parameters become labels of every sample.
Status takeExposition(const IntakeCall& call, Records& records);
// NDJSON: {"name","labels","value","timestamp","type","help","unit"} a line.
Status takeDocuments(const IntakeCall& call, Records& records);
// RecordMetrics: the same, as a list.
Status recordMetrics(const Command& command, Records& records);
Table recordMetricsBody();

void describe(StreamDomain& domain);

}  // namespace gyre::metrics
