// What does a function make of one value?
//
// THREADS: functions without state.
#pragma once

#include <cstdint>
#include <span>

#include "engine/promql/function_table.hpp"

namespace gyre::engine::promql {

// Applies an element function (abs, ln, hour, …) to every value but kNoValue. REQUIRES: isElementFunction(function).
void applyElements(FunctionId function, std::span<double> values);

// A date function (hour, year, …) of seconds since the epoch, in UTC.
double datePart(FunctionId function, std::int64_t seconds);

// Go's math.Max and math.Min: NaN when either is.
double maxOrNaN(double a, double b);
double minOrNaN(double a, double b);

}  // namespace gyre::engine::promql
