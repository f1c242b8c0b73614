// What does a store of series answer to a request?
//
// A request is one JSON object. T is a whole number of milliseconds since the epoch, or a text as Prometheus' HTTP API
// takes it: seconds ("1600000000.5") or RFC 3339. D is milliseconds, or "15", "1.5" (seconds) or "1m30s":
//   {"promql":"…","time":T,"timeout":D}  {"promql":"…","start":T,"end":T,"step":D,"timeout":D}   timeout may be missing
//   {"series":{"match":["…",…],"start":T,"end":T,"limit":N}}   start, end and limit may be missing; so everywhere below
//   {"labels":{"match":[…],…}}   match may be missing
//   {"label_values":{"label":"…","match":[…],…}}
//   {"metadata":{"metric":"…","limit":N}}   both may be missing
// Besides, "where":{"label":"value",…} confines any of them to the series that have these labels: every selector has
// them as further matchers.
// The answer is the "data" member of Prometheus' HTTP API for the same question. A member that is not known is refused.
//
// THREADS: functions without state.
#pragma once

#include <string>
#include <string_view>

#include "engine/promql/query.hpp"

namespace gyre::engine::promql {

// Failures as answerQuery's.
Result<std::string> answerSeriesRequest(const series::SeriesSource& source, std::string_view request,
                                        const QueryOptions& options);

}  // namespace gyre::engine::promql
