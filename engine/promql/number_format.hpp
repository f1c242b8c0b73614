// How does Prometheus write a number?
//
// THREADS: functions without state.
#pragma once

#include <cstdint>
#include <string>

namespace gyre::engine::promql {

// The shortest digits that read back as the same double, as Go's strconv writes them in plain decimals: "0.25", "-0",
// "NaN", "+Inf", never an exponent.
void appendDecimal(std::string& out, double value);
// The same, but "1e+21" and "1e-07" from 1e21 and below 1e-6: as values stand in query results.
void appendValue(std::string& out, double value);
// Milliseconds as seconds: "1.5", "-0.001", "1600000000".
void appendSeconds(std::string& out, std::int64_t time_ms);

}  // namespace gyre::engine::promql
