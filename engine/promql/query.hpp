// What does a store answer to a PromQL query?
//
// The text is parsed, evaluated, and its value written as the "data" of Prometheus' HTTP API:
// {"resultType":"matrix","result":[{"metric":{…},"values":[[seconds,"value"],…]},…]}.
//
// THREADS: functions without state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/promql/evaluator.hpp"
#include "engine/promql/parser.hpp"

namespace gyre::engine::promql {

struct QueryOptions {
  EvaluationOptions evaluation;
  EvaluationLimits evaluation_limits;
  ParseLimits parse_limits;
  // Steps of a range query.
  std::uint32_t max_points = 11'000;
};

// An instant query has one time; a range query start, end and step.
struct QueryTime {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t step_ms = 0;  // 0: instant, at start_ms
  bool isInstant() const { return step_ms == 0; }
};

// Failures have one of Prometheus' error types as their reason: bad_data (the query, the times, a limit of either),
// execution (what the data or max_samples do not allow), timeout, canceled, internal.
Result<std::string> answerQuery(const series::SeriesSource& source, std::string_view query, const QueryTime& time,
                                const QueryOptions& options);

}  // namespace gyre::engine::promql
