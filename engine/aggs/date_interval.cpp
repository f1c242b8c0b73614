#include "engine/aggs/date_interval.hpp"

#include <charconv>

#include "engine/mapping/civil_time.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

std::optional<CalendarUnit> calendarUnitOf(std::string_view name) {
  struct Name {
    std::string_view text;
    CalendarUnit unit;
  };
  constexpr Name kNames[] = {
      {"second", CalendarUnit::kSecond},   {"1s", CalendarUnit::kSecond},   {"minute", CalendarUnit::kMinute},
      {"1m", CalendarUnit::kMinute},       {"hour", CalendarUnit::kHour},   {"1h", CalendarUnit::kHour},
      {"day", CalendarUnit::kDay},         {"1d", CalendarUnit::kDay},      {"week", CalendarUnit::kWeek},
      {"1w", CalendarUnit::kWeek},         {"month", CalendarUnit::kMonth}, {"1M", CalendarUnit::kMonth},
      {"quarter", CalendarUnit::kQuarter}, {"1q", CalendarUnit::kQuarter},  {"year", CalendarUnit::kYear},
      {"1y", CalendarUnit::kYear}};
  for (const Name& known : kNames)
    if (known.text == name) return known.unit;
  return std::nullopt;
}

std::int64_t typicalMillis(CalendarUnit unit) {
  switch (unit) {
    case CalendarUnit::kSecond: return kSecondMillis;
    case CalendarUnit::kMinute: return kMinuteMillis;
    case CalendarUnit::kHour: return kHourMillis;
    case CalendarUnit::kDay: return kDayMillis;
    case CalendarUnit::kWeek: return 7 * kDayMillis;
    // A mean month of the Gregorian calendar: 31,556,952 seconds a year.
    case CalendarUnit::kMonth: return 31'556'952'000 / 12;
    case CalendarUnit::kQuarter: return 31'556'952'000 / 4;
    case CalendarUnit::kYear: return 31'556'952'000;
  }
  return kSecondMillis;
}

Result<std::int64_t> parseDuration(std::string_view what, std::string_view text) {
  const auto malformed = [&] {
    return illegalArgument("failed to parse setting [" + std::string(what) + "] with value [" + std::string(text) +
                           "] as a time value: unit is missing or unrecognized");
  };
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  double count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc()) return malformed();
  const std::string_view unit(end, static_cast<std::size_t>(digits.data() + digits.size() - end));
  double millis = 0;
  if (unit == "ms") millis = 1;
  if (unit == "s") millis = kSecondMillis;
  if (unit == "m") millis = kMinuteMillis;
  if (unit == "h" || unit == "H") millis = kHourMillis;
  if (unit == "d") millis = kDayMillis;
  constexpr double kFarthest = 9.2e18;
  if (unit == "micros" || unit == "nanos") return static_cast<std::int64_t>(count / (unit == "micros" ? 1e3 : 1e6));
  if (millis == 0 || !(count * millis < kFarthest && count * millis > -kFarthest)) return malformed();
  return static_cast<std::int64_t>(count * millis);
}

Result<TimeZone> readZone(const AggregationRequest& request, json::Value value) {
  if (const auto hours = value.integer()) {
    if (*hours < -18 || *hours > 18)
      return failedField(
          request, "time_zone",
          "Zone offset hours not in valid range: value " + std::to_string(*hours) + " is not in the range -18 to 18");
    return TimeZone::parse((*hours < 0 ? "-" : "+") + std::to_string(*hours < 0 ? -*hours : *hours));
  }
  if (!value.isString())
    return failedField(request, "time_zone", "expected a text or a number, found " + std::string(value.raw()));
  auto zone = TimeZone::parse(value.string());
  if (!zone.isOk()) return failedField(request, "time_zone", "Unknown time-zone ID: " + std::string(value.string()));
  return zone;
}

namespace {

Status setCalendar(const AggregationRequest& request, std::string_view text, DateIntervalMembers& members) {
  members.unit = calendarUnitOf(text);
  if (members.unit) return {};
  return failedField(request, "calendar_interval",
                     "The supplied interval [" + std::string(text) + "] could not be parsed as a calendar interval.");
}
Status setFixed(const AggregationRequest& request, std::string_view key, std::string_view text,
                DateIntervalMembers& members) {
  auto millis = parseDuration("date_histogram.fixedInterval", text);
  if (!millis.isOk()) return failedField(request, key, std::string(millis.status().message()));
  if (*millis <= 0) return illegalArgument("Zero or negative time interval not supported");
  members.millis = *millis;
  return {};
}

}  // namespace

Result<bool> readDateIntervalMember(const AggregationRequest& request, json::Value member,
                                    DateIntervalMembers& members) {
  const std::string_view key = member.key();
  if (key == "calendar_interval" || key == "fixed_interval" || key == "interval") {
    if (members.isGiven())
      return failedField(request, key,
                         key == "fixed_interval"
                             ? "Cannot use [fixed_interval] with [calendar_interval] configuration option."
                             : "Cannot use [calendar_interval] with [fixed_interval] configuration option.");
    if (key == "calendar_interval" && member.isString()) {
      GYRE_TRY(setCalendar(request, member.string(), members));
      return true;
    }
    if (key == "fixed_interval" && member.isString()) {
      GYRE_TRY(setFixed(request, key, member.string(), members));
      return true;
    }
    if (key == "interval") {
      // The old way: a calendar unit by name, else a length of time, which may come in bare milliseconds.
      if (member.isString() && calendarUnitOf(member.string())) {
        GYRE_TRY(setCalendar(request, member.string(), members));
      } else {
        GYRE_TRY_ASSIGN(const std::string text, parseScalarText(request.kind, member));
        GYRE_TRY(setFixed(request, key, member.isNumber() ? text + "ms" : text, members));
      }
      return true;
    }
    return failedField(request, key, "expected a text, found " + std::string(member.raw()));
  }
  if (key == "time_zone") {
    GYRE_TRY_ASSIGN(members.zone, readZone(request, member));
    return true;
  }
  if (key == "offset") {
    GYRE_TRY_ASSIGN(const std::string text, parseScalarText(request.kind, member));
    const bool has_unit = text.find_first_not_of("+-0123456789") != std::string::npos;
    auto offset = parseDuration("date_histogram.offset", has_unit || member.isString() ? text : text + "ms");
    if (!offset.isOk()) return failedField(request, key, std::string(offset.status().message()));
    members.offset = *offset;
    return true;
  }
  return false;
}

}  // namespace gyre::engine
