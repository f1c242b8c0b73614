// What did an OpenTelemetry exporter measure, and how does Prometheus write it?
//
// Both forms of an ExportMetricsServiceRequest, protobuf and JSON, are read into one shape; from there samples are made
// by the rules of "Prometheus and OpenMetrics Compatibility" of the OpenTelemetry specification. Where they leave a
// choice: delta sums and histograms keep their values and get the label __temporality__="delta" (sum_over_time adds
// them up); exponential histograms become classic buckets with the bounds of their scale.
//
// THREADS: pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "sample_sink.hpp"

namespace gyre::metrics::otlp {

using Attributes = std::vector<std::pair<std::string, std::string>>;  // values as text

struct Buckets {
  std::int64_t offset = 0;
  std::vector<std::uint64_t> counts;
};

// One data point of any kind; which members count depends on the metric's kind.
struct Point {
  std::string fault;  // why it cannot be read; "" when it can
  Attributes attributes;
  std::uint64_t time_nanos = 0;
  std::uint64_t flags = 0;  // 1: no value was recorded
  bool has_value = false;
  double value = 0;  // gauge, sum
  std::uint64_t count = 0;
  bool has_sum = false;
  double sum = 0;
  std::vector<double> bounds;                        // histogram
  std::vector<std::uint64_t> counts;                 // histogram
  std::int64_t scale = 0;                            // exponential histogram
  std::uint64_t zero_count = 0;                      // likewise
  double zero_threshold = 0;                         // likewise
  Buckets positive, negative;                        // likewise
  std::vector<std::pair<double, double>> quantiles;  // summary
};

enum class Kind : std::uint8_t { kNone, kGauge, kSum, kHistogram, kExponentialHistogram, kSummary };

struct Metric {
  std::string name, description, unit;
  Kind kind = Kind::kNone;
  std::int64_t temporality = 0;  // 1 delta, 2 cumulative
  bool is_monotonic = false;
  std::vector<Point> points;
};

struct Scope {
  std::string name, version;
  std::vector<Metric> metrics;
};

struct Resource {
  Attributes attributes;
  std::vector<Scope> scopes;
};

using Request = std::vector<Resource>;

Result<Request> readProtobuf(std::string_view body);
Result<Request> readJson(std::string_view body);

// Data points are numbered from 0 in the order of the request.
void writeSamples(const Request& request, SampleSink& sink);

// "http.server.duration" in "ms" → "http_server_duration_milliseconds".
std::string metricName(const Metric& metric);
std::string labelName(std::string_view attribute);

}  // namespace gyre::metrics::otlp
