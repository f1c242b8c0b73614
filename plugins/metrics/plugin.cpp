#include "flat_files.hpp"
#include "gyre/stream.hpp"
#include "metrics.hpp"
#include "metrics_mapping.hpp"
#include "metrics_options.hpp"
#include "prometheus_endpoints.hpp"
#include "queries.hpp"

namespace gyre::metrics {
namespace {

Limits configured_limits;

}  // namespace

const Limits& limits() { return configured_limits; }

Status configure(json::Value options) {
  const Limits defaults;
  configured_limits.max_labels = options["max_labels"].integer().value_or(defaults.max_labels);
  configured_limits.max_label_bytes = options["max_label_bytes"].integer().value_or(defaults.max_label_bytes);
  configured_limits.max_future_seconds = options["max_future_seconds"].integer().value_or(defaults.max_future_seconds);
  return {};
}

void describe(StreamDomain& domain) {
  domain.name("metrics", "1.0.0", "time series of numbers")
      .index(kIndexDefinition)
      .options(kOptions, &configure)
      .series()
      .command("RecordMetrics", recordMetricsBody(), "records samples", &recordMetrics)
      .intake("remote_write", "/api/v1/write", "Prometheus remote write 1.0", &takeRemoteWrite)
      .intake("otlp", "/v1/metrics", "OTLP/HTTP metrics, protobuf or JSON", &takeOtlp)
      .intake("prometheus", "", "Prometheus text exposition and OpenMetrics; URL parameters become labels",
              &takeExposition)
      .intake("csv", "", "CSV, a time and numbers a line; name or path names the metric", &takeCsv)
      .intake("json", "", "JSON documents, every number in them a sample", &takeJson)
      .intake("document", "", "NDJSON, a sample a line", &takeDocuments)
      .query("QueryMetrics", queryMetricsParameters(), "values over time, or at one", &planQueryMetrics,
             &presentQueryMetrics)
      .query("ListMetricNames", listMetricNamesParameters(), "which metrics there are", &planListMetricNames,
             &presentListMetricNames)
      .query("GetMetricLabels", getMetricLabelsParameters(), "names of labels, or values of one", &planGetMetricLabels,
             &presentGetMetricLabels)
      .query("GetSeries", getSeriesParameters(), "which series there are", &planGetSeries, &presentGetSeries);
  describePrometheusEndpoints(domain);
}

}  // namespace gyre::metrics

GYRE_STREAM_PLUGIN(gyre::metrics::describe)
