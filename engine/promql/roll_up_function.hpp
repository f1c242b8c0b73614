// What did one series do before each step, as its roll-ups tell?
//
// A source may answer from roll-ups of a minute or an hour where they say exactly what the samples would have said
// (SelectHint); here are the functions that they can answer: the newest value, and count, sum, avg, min, max, last,
// present and absent over time.
//
// THREADS: functions without state.
#pragma once

#include <span>

#include "engine/promql/function_table.hpp"
#include "engine/promql/window_function.hpp"
#include "engine/series/sample.hpp"

namespace gyre::engine::promql {

bool answersFromRollUps(FunctionId function);

// As evaluateWindows. REQUIRES: answersFromRollUps(function); windows begin and end where buckets do.
void evaluateRollUps(FunctionId function, const Windows& windows, const series::RollUps& buckets,
                     std::span<double> column);

// The newest value at each step, or its time in seconds; kNoValue where it is older than `lookback_ms` or a stale
// marker came after it.
void selectRollUps(const Windows& windows, std::int64_t lookback_ms, bool wants_times, const series::RollUps& buckets,
                   std::span<double> column);

}  // namespace gyre::engine::promql
