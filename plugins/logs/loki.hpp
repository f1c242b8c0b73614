// What do Promtail, Alloy and the Loki drivers of Docker and Fluent Bit push? Streams with labels, each with lines, to
// records.
//
// Labels are the record's `resource`, but those that are fields by names.hpp (service_name, app, host, level, …); so
// are the structured metadata of a line, the others of which are attributes. A line is the message as it is.
//
// Source: Grafana Loki's HTTP API, POST /loki/api/v1/push, and pkg/push/push.proto.
// THREADS: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "gyre/stream.hpp"

namespace gyre::logs {

// By the media type: application/json; application/x-protobuf, in a block of Snappy or plain, or none. Answers 204 when
// every line was taken.
Status takeLoki(const IntakeCall& call, Records& records);
Status takeLokiJson(const IntakeCall& call, Records& records);
Status takeLokiProtobuf(const IntakeCall& call, Records& records);

using Labels = std::vector<std::pair<std::string, std::string>>;

// `{app="api", path="C:\\logs"}`, as Prometheus writes labels.
Result<Labels> parseLabels(std::string_view text);

}  // namespace gyre::logs
