#include <algorithm>
#include <limits>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/civil_time.hpp"
#include "engine/mapping/date_format.hpp"

namespace gyre::engine {

namespace {

constexpr std::int64_t kYearLimit = 200'000'000;  // millisFromCivil fits below it

std::optional<CalendarUnit> unitOf(char letter) {
  switch (letter) {
    case 'y': return CalendarUnit::kYear;
    case 'M': return CalendarUnit::kMonth;
    case 'w': return CalendarUnit::kWeek;
    case 'd': return CalendarUnit::kDay;
    case 'h':
    case 'H': return CalendarUnit::kHour;
    case 'm': return CalendarUnit::kMinute;
    case 's': return CalendarUnit::kSecond;
    default: return std::nullopt;
  }
}

// Length of the units that have one whatever the calendar; 0 for the others.
std::int64_t clockMillis(CalendarUnit unit) {
  switch (unit) {
    case CalendarUnit::kSecond: return kSecondMillis;
    case CalendarUnit::kMinute: return kMinuteMillis;
    case CalendarUnit::kHour: return kHourMillis;
    default: return 0;
  }
}

std::optional<std::int64_t> addMonths(std::int64_t local, std::int64_t months) {
  CivilTime t = civilFromMillis(local);
  std::int64_t month = 0;
  if (__builtin_add_overflow(t.year * 12 + t.month - 1, months, &month)) return std::nullopt;
  t.year = floorDivide(month, 12);
  t.month = static_cast<int>(month - t.year * 12) + 1;
  if (t.year > kYearLimit || t.year < -kYearLimit) return std::nullopt;
  t.day = std::min(t.day, daysInMonth(t.year, t.month));
  return millisFromCivil(t);
}

Status refusal(std::string_view math, std::string_view why) {
  return {Code::kInvalidArgument, "parse_exception",
          "failed to parse date math [" + std::string(utf16Prefix(math, 100)) + "]: " + std::string(why)};
}

// "+1M", "-d" or "/y" at a time, from left to right.
Result<Instant> applyMath(std::string_view math, Instant instant, RoundUp round, const TimeZone& zone) {
  for (std::size_t at = 0; at < math.size();) {
    const char operation = math[at++];
    if (operation != '/' && operation != '+' && operation != '-') return refusal(math, "expected +, - or /");
    std::int64_t count = 0;
    const std::size_t first = at;
    for (; at < math.size() && math[at] >= '0' && math[at] <= '9'; ++at) {
      count = count * 10 + (math[at] - '0');
      if (count > std::numeric_limits<std::int32_t>::max()) return refusal(math, "the number is too large");
    }
    if (at == first) count = 1;
    if (operation == '/' && count != 1) return refusal(math, "rounding is only allowed on single units");
    const auto unit = at < math.size() ? unitOf(math[at++]) : std::nullopt;
    if (!unit) return refusal(math, "expected a unit, one of y, M, w, d, h, H, m, s");
    std::optional<std::int64_t> moved = operation == '/'
                                            ? startOfUnit(*unit, instant.millis, zone)
                                            : addUnits(*unit, operation == '-' ? -count : count, instant.millis, zone);
    if (operation == '/') instant.nanos = round == RoundUp::kYes ? static_cast<std::int32_t>(kMilliNanos) - 1 : 0;
    if (operation == '/' && round == RoundUp::kYes) {
      moved = addUnits(*unit, 1, *moved, zone);
      if (moved) --*moved;
    }
    if (!moved) return refusal(math, "the result is out of range");
    instant.millis = *moved;
  }
  return instant;
}

}  // namespace

std::int64_t startOfUnit(CalendarUnit unit, std::int64_t utc, const TimeZone& zone) {
  const std::int64_t local = zone.toLocal(utc);
  // Within the offset of the instant itself, so that the repeated hour of a clock change keeps its two beginnings.
  if (const std::int64_t length = clockMillis(unit); length != 0) {
    const std::int64_t beyond = floorModulo(local, length);
    return utc < std::numeric_limits<std::int64_t>::min() + beyond ? utc : utc - beyond;
  }
  CivilTime t = civilFromMillis(local);
  if (t.year > kYearLimit || t.year < -kYearLimit) return utc;
  t.hour = t.minute = t.second = t.millis = 0;
  if (unit == CalendarUnit::kWeek) {
    const std::int64_t days = daysFromCivil(t.year, t.month, t.day);
    return zone.toUtc((days - weekdayOf(days)) * kDayMillis);
  }
  if (unit != CalendarUnit::kDay) t.day = 1;
  if (unit == CalendarUnit::kYear) t.month = 1;
  if (unit == CalendarUnit::kQuarter) t.month = (t.month - 1) / 3 * 3 + 1;
  return zone.toUtc(millisFromCivil(t));
}

std::optional<std::int64_t> addUnits(CalendarUnit unit, std::int64_t count, std::int64_t utc, const TimeZone& zone) {
  std::int64_t moved = 0;
  if (const std::int64_t length = clockMillis(unit); length != 0) {
    if (__builtin_mul_overflow(count, length, &moved) || __builtin_add_overflow(utc, moved, &moved))
      return std::nullopt;
    return moved;
  }
  const std::int64_t local = zone.toLocal(utc);
  if (unit == CalendarUnit::kDay || unit == CalendarUnit::kWeek) {
    const std::int64_t length = unit == CalendarUnit::kDay ? kDayMillis : 7 * kDayMillis;
    if (__builtin_mul_overflow(count, length, &moved) || __builtin_add_overflow(local, moved, &moved))
      return std::nullopt;
    return zone.toUtc(moved);
  }
  const std::int64_t months = unit == CalendarUnit::kYear ? 12 : unit == CalendarUnit::kQuarter ? 3 : 1;
  if (__builtin_mul_overflow(count, months, &moved)) return std::nullopt;
  const auto target = addMonths(local, moved);
  if (!target) return std::nullopt;
  return zone.toUtc(*target);
}

Result<Instant> parseInstantMath(std::string_view text, const DateFormat& format, RoundUp round, const TimeZone& zone,
                                 std::int64_t now_millis) {
  if (text.starts_with("now")) return applyMath(text.substr(3), {now_millis, 0}, round, zone);
  const std::size_t bars = text.find("||");
  if (bars == std::string_view::npos) return parseInstant(text, format, round, zone);
  // The anchor is taken at its earliest; only the arithmetic rounds.
  GYRE_TRY_ASSIGN(const Instant anchor, parseInstant(text.substr(0, bars), format, RoundUp::kNo, zone));
  return applyMath(text.substr(bars + 2), anchor, round, zone);
}

Result<std::int64_t> parseDateMath(std::string_view text, const DateFormat& format, RoundUp round, const TimeZone& zone,
                                   std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const Instant instant, parseInstantMath(text, format, round, zone, now_millis));
  return instant.millis;
}

}  // namespace gyre::engine
