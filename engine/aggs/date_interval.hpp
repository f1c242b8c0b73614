// How long is a stretch of time that a request names?
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/date_rounding.hpp"

namespace gyre::engine {

// "day", "1d", "month", …: nothing for other texts.
std::optional<CalendarUnit> calendarUnitOf(std::string_view name);
// What a unit usually lasts.
std::int64_t typicalMillis(CalendarUnit unit);
// "90m", "500ms", "-1h"; `what` is the parameter a refusal names.
Result<std::int64_t> parseDuration(std::string_view what, std::string_view text);

// The members that date_histogram and a composite's source of that kind have in common.
struct DateIntervalMembers {
  std::optional<CalendarUnit> unit;
  std::int64_t millis = 0;
  TimeZone zone;
  std::int64_t offset = 0;

  bool isGiven() const { return unit || millis != 0; }
  DateRounding rounding() const {
    return unit ? DateRounding::calendar(*unit, zone, offset) : DateRounding::fixed(millis, zone, offset);
  }
};
// Takes the member when it is one of these; false when it is none.
Result<bool> readDateIntervalMember(const AggregationRequest& request, json::Value member,
                                    DateIntervalMembers& members);
// A zone's name, or an offset in hours.
Result<TimeZone> readZone(const AggregationRequest& request, json::Value value);

}  // namespace gyre::engine
