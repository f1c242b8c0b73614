// How severe is what the sender calls "WARNING"? Any logger's word or number as OpenTelemetry's severity number, 1 to
// 24, and the level that it belongs to.
//
// THREADS: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gyre::logs {

// The six levels, each four severity numbers wide: trace 1 to 4, debug 5 to 8, info 9 to 12, warn 13 to 16, error 17 to
// 20, fatal 21 to 24.
inline constexpr std::string_view kLevels[] = {"trace", "debug", "info", "warn", "error", "fatal"};

// The level of a severity number. REQUIRES: 1 to 24.
constexpr std::string_view levelOf(int severity) { return kLevels[(severity - 1) / 4]; }

// The number of a word, whatever its case: "WARNING", "err", "I", "Information", "SEVERE", "emerg", "debug3"; 0 when it
// is none that is known.
int severityOfText(std::string_view text);

// RFC 5424, 0 (emergency) to 7 (debug), by the table of OpenTelemetry's data model; 0 for another number.
constexpr int severityOfSyslog(std::int64_t code) {
  constexpr int kNumbers[] = {21, 19, 18, 17, 13, 10, 9, 5};
  return code >= 0 && code <= 7 ? kNumbers[code] : 0;
}

// What a number called "level" says: 10, 20 … 60 of pino and bunyan, or else a syslog code, as GELF has it.
constexpr int severityOfLevelNumber(std::int64_t level) {
  if (level >= 10 && level <= 60 && level % 10 == 0) return static_cast<int>((level / 10 - 1) * 4 + 1);
  return severityOfSyslog(level);
}

}  // namespace gyre::logs
