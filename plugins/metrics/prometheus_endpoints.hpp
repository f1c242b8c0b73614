// At which paths is the metrics domain asked as Prometheus is?
//
// THREADS: see metrics.hpp.
#pragma once

#include "gyre/stream.hpp"

namespace gyre::metrics {

// /api/v1/query, query_range, series, labels, label/{name}/values, metadata: prometheus_api.hpp says what they mean.
void describePrometheusEndpoints(StreamDomain& domain);

}  // namespace gyre::metrics
