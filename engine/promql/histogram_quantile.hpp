// Which value has the share q of a histogram's observations below it, at every step?
//
// THREADS: functions without state.
#pragma once

#include <span>

#include "engine/promql/rows.hpp"

namespace gyre::engine::promql {

// Rows are buckets: those that differ in nothing but "le" are one histogram. Rows without a number in "le" are left
// out. `q` has a value a step.
Result<Rows> histogramQuantile(const Rows& rows, std::span<const double> q);

}  // namespace gyre::engine::promql
