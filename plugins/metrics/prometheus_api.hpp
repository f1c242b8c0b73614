// How does Prometheus' HTTP API ask, and how is it answered?
//
// /api/v1/query, query_range, series, labels, label/<name>/values and metadata, as dashboards call them: parameters to
// a request that the store of series answers, its answer to Prometheus' envelope, a failure to Prometheus' error.
// Parameters that Prometheus would not look at are not looked at here either.
// Source: https://prometheus.io/docs/prometheus/2.42/querying/api/
//
// THREADS: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::metrics {

enum class ApiRoute : std::uint8_t { kQuery, kQueryRange, kSeries, kLabels, kLabelValues, kMetadata };

// The request to the store. `parameters` is an object: of each name, from path ("name" of label/<name>/values), query
// string and form, a string or an array of them; of several values the first counts, but of match[] all. `now_ms` is
// the time of an instant query that names none. Texts of times and durations are passed on: the store reads them.
// With an `organization_id` only series of that organisation are asked for. invalid_argument with the reason bad_data
// when a value is no text.
Result<std::string> planApi(ApiRoute route, const json::Value& parameters, std::int64_t now_ms,
                            std::string_view organization_id);

// {"status":"success","data":…}
std::string presentApi(std::string_view data);

struct ApiRefusal {
  int http_status = 500;
  std::string body;  // {"status":"error","errorType":…,"error":…}
};
ApiRefusal refuseApi(const Status& failure);

}  // namespace gyre::metrics
