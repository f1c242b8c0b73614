#include "engine/mapping/date_writing.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/mapping/civil_time.hpp"

namespace gyre::engine {

namespace {

// A histogram's answer writes thousands of these.
void appendNumber(std::string& out, std::int64_t value, std::size_t width) {
  const auto bits = static_cast<std::uint64_t>(value);
  std::array<char, 20> digits;
  const char* const end = std::to_chars(digits.begin(), digits.end(), value < 0 ? ~bits + 1 : bits).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  const std::size_t sign = value < 0 ? 1 : 0;
  out.append(sign, '-');
  if (sign + size < width) out.append(width - sign - size, '0');
  out.append(digits.data(), size);
}

void appendYear(std::string& out, std::int64_t year, std::size_t width) {
  if (width == 2) return appendNumber(out, (year % 100 + 100) % 100, 2);
  if (year > 9999 && width == 4) out += '+';
  if (year < 0) out += '-';
  appendNumber(out, year < 0 ? -year : year, width);
}

void appendOffset(std::string& out, std::int64_t offset, std::size_t width, bool is_zero_z) {
  if (offset == 0 && is_zero_z) {
    out += 'Z';
    return;
  }
  const std::int64_t minutes = (offset < 0 ? -offset : offset) / kMinuteMillis;
  out += offset < 0 ? '-' : '+';
  appendNumber(out, minutes / 60, 2);
  if (width == 1 && minutes % 60 == 0) return;
  if (width == 3) out += ':';
  appendNumber(out, minutes % 60, 2);
}

// As many of a second's nanoseconds as `width` has places for.
void appendFraction(std::string& out, std::int64_t nanos, std::size_t width) {
  std::string digits;
  appendNumber(digits, nanos, 9);
  out += digits.substr(0, width);
}

void dropZeros(std::string& out, std::size_t least) {
  while (out.size() > least && out.back() == '0') out.pop_back();
}

// A whole number of the unit (in milliseconds), and the fraction where there is one.
void appendEpoch(std::string& out, const Instant& instant, std::int64_t unit) {
  std::int64_t millis = instant.millis;
  std::int64_t nanos = instant.nanos;
  const bool is_negative = millis < 0;
  if (is_negative && nanos != 0) {
    ++millis;
    nanos = kMilliNanos - nanos;
  }
  std::int64_t rest = millis % unit;
  if (is_negative) rest = -rest;
  rest = rest * kMilliNanos + nanos;
  if (is_negative && millis / unit == 0) out += '-';
  appendNumber(out, millis / unit, 1);
  if (rest == 0) return;
  out += '.';
  appendNumber(out, rest, unit == 1 ? 6 : 9);
  dropZeros(out, 0);
}

void appendElement(std::string& out, const DateElement& e, const CivilTime& t, const Instant& instant,
                   std::int64_t offset) {
  const std::int64_t nanos = t.millis * kMilliNanos + instant.nanos;  // of the second
  switch (e.part) {
    case DatePart::kLiteral: out += e.literal; return;
    case DatePart::kYear: return appendYear(out, t.year, e.written);
    case DatePart::kMonth: return appendNumber(out, t.month, e.written);
    case DatePart::kMonthName: {
      const std::string_view name = kMonths[static_cast<std::size_t>(t.month - 1)];
      out += e.width == 3 ? name.substr(0, 3) : name;
      return;
    }
    case DatePart::kDay: return appendNumber(out, t.day, e.written);
    case DatePart::kHour: return appendNumber(out, t.hour, e.written);
    case DatePart::kHour12: return appendNumber(out, t.hour % 12 == 0 ? 12 : t.hour % 12, e.width);
    case DatePart::kHalfDay: out += t.hour < 12 ? "AM" : "PM"; return;
    case DatePart::kMinute: return appendNumber(out, t.minute, e.written);
    case DatePart::kSecond: return appendNumber(out, t.second, e.written);
    case DatePart::kFraction: return appendFraction(out, nanos, e.width);
    case DatePart::kAnyFraction:
      out += '.';
      appendFraction(out, nanos, e.width);
      return dropZeros(out, out.size() + 3 - e.width);
    case DatePart::kOffset:
    case DatePart::kAnyOffset: return appendOffset(out, offset, e.width, true);
    case DatePart::kNumberOffset: return appendOffset(out, offset, e.width, false);
    case DatePart::kQuarter: {
      const int quarter = (t.month + 2) / 3;
      if (e.width < 3) return appendNumber(out, quarter, e.width);
      out +=
          e.width == 3 ? "Q" + std::to_string(quarter) : std::string(kQuarters[static_cast<std::size_t>(quarter - 1)]);
      return;
    }
    case DatePart::kWeekday: {
      const auto day = static_cast<std::size_t>(weekdayOf(daysFromCivil(t.year, t.month, t.day)));
      out += e.width == 3 ? kWeekdays[day].substr(0, 3) : kWeekdays[day];
      return;
    }
    case DatePart::kEpochMillis: return appendEpoch(out, instant, 1);
    case DatePart::kEpochSecond: return appendEpoch(out, instant, 1000);
    case DatePart::kOptionalBegin:
    case DatePart::kOptionalEnd: return;
  }
}

}  // namespace

std::string writeInstant(const std::vector<DateElement>& elements, const Instant& instant, const TimeZone& zone) {
  const CivilTime civil = civilFromMillis(zone.toLocal(instant.millis));
  std::string out;
  for (const DateElement& e : elements) appendElement(out, e, civil, instant, zone.offsetAt(instant.millis));
  return out;
}

}  // namespace gyre::engine
