// What did one series do in the range before each step?
//
// The functions of range vectors (rate, max_over_time, …), evaluated for one series over all steps: two indexes slide
// along its samples, so that a sample is looked at once where the function allows it (rate, increase, delta, irate,
// idelta, sum, avg, min, max, count, last, resets, changes), and once a window where it must (deviations, regressions,
// quantiles).
//
// THREADS: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/promql/function_table.hpp"
#include "engine/promql/rows.hpp"
#include "engine/promql/stop_check.hpp"
#include "engine/series/sample.hpp"

namespace gyre::engine::promql {

// The window of a step is [reference − range, reference], both ends included.
struct Windows {
  Grid grid;
  std::int64_t range_ms = 0;
  std::int64_t offset_ms = 0;
  std::optional<std::int64_t> at_ms;  // @: every step's reference is this, less the offset
  const StopCheck* stop = nullptr;    // when it is due, what is left of a column stays without values

  std::int64_t reference(std::uint32_t step) const { return (at_ms ? *at_ms : grid.time(step)) - offset_ms; }
  std::int64_t firstReference() const { return reference(0); }
  std::int64_t lastReference() const { return reference(grid.count == 0 ? 0 : grid.count - 1); }
};

// The function's scalar arguments in their order, a value a step.
using ScalarColumns = std::vector<std::vector<double>>;

// `samples` without stale markers. Sets column[step] for every step: kNoValue where the window holds too few samples.
// execution: an argument out of its range (holt_winters). REQUIRES: column.size() == windows.grid.count.
Status evaluateWindows(FunctionId function, const Windows& windows, const series::SampleColumns& samples,
                       const ScalarColumns& scalars, std::span<double> column);

// Takes stale markers out.
void dropStale(series::SampleColumns& samples);

}  // namespace gyre::engine::promql
