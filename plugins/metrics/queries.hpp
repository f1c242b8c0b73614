// What is asked of the metrics, and which request of the series index answers it? Questions become PromQL; answers of
// Prometheus' HTTP API become rows.
//
// THREADS: pure functions.
#pragma once

#include <cstdint>

#include "gyre/plugin.hpp"
#include "gyre/schema.hpp"

namespace gyre::metrics {

Table queryMetricsParameters();
Result<Plan> planQueryMetrics(const Query& query);
Status presentQueryMetrics(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

Table listMetricNamesParameters();
Result<Plan> planListMetricNames(const Query& query);
Status presentListMetricNames(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

Table getMetricLabelsParameters();
Result<Plan> planGetMetricLabels(const Query& query);
Status presentGetMetricLabels(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

Table getSeriesParameters();
Result<Plan> planGetSeries(const Query& query);
Status presentGetSeries(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

}  // namespace gyre::metrics
