// How long is "1h30m"?
//
// Prometheus' durations: y (365 days), w, d, h, m, s, ms, each at most once and in this order.
//
// THREADS: functions without state.
#pragma once

#include <cstdint>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::engine::promql {

// Milliseconds, above 0. invalid_argument: other forms, zero, and durations of more than 2^63 nanoseconds (292 years).
Result<std::int64_t> parseDuration(std::string_view text);

}  // namespace gyre::engine::promql
