// Which calendar date and time of day is this instant, and the reverse?
//
// Proleptic Gregorian, no leap seconds, 64 bits throughout: every int64 of milliseconds has a date.
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>

namespace gyre::engine {

inline constexpr std::int64_t kSecondMillis = 1'000;
inline constexpr std::int64_t kMinuteMillis = 60 * kSecondMillis;
inline constexpr std::int64_t kHourMillis = 60 * kMinuteMillis;
inline constexpr std::int64_t kDayMillis = 24 * kHourMillis;
inline constexpr std::int64_t kMilliNanos = 1'000'000;
inline constexpr std::int64_t kSecondNanos = 1'000 * kMilliNanos;

// A local date and time; the zone is the caller's.
struct CivilTime {
  std::int64_t year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
  int hour = 0, minute = 0, second = 0, millis = 0;
};

// Quotient rounded towards minus infinity. REQUIRES: divisor > 0.
constexpr std::int64_t floorDivide(std::int64_t value, std::int64_t divisor) {
  const std::int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

// What floorDivide leaves; never negative. REQUIRES: divisor > 0.
constexpr std::int64_t floorModulo(std::int64_t value, std::int64_t divisor) {
  const std::int64_t rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

constexpr bool isLeapYear(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr int daysInMonth(std::int64_t year, int month) {
  if (month == 2) return isLeapYear(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Days since 1970-01-01. The year is counted from March, so that the leap day is its last.
constexpr std::int64_t daysFromCivil(std::int64_t year, int month, int day) {
  const std::int64_t shifted = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = floorDivide(shifted, 400);
  const std::int64_t year_of_era = shifted - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

// REQUIRES: |year| <= 200,000,000, so that the result fits.
constexpr std::int64_t millisFromCivil(const CivilTime& t) {
  return daysFromCivil(t.year, t.month, t.day) * kDayMillis + t.hour * kHourMillis + t.minute * kMinuteMillis +
         t.second * kSecondMillis + t.millis;
}

constexpr CivilTime civilFromMillis(std::int64_t millis) {
  const std::int64_t day = floorDivide(millis, kDayMillis);
  const auto rest = static_cast<int>(floorModulo(millis, kDayMillis));
  const std::int64_t shifted = day + 719'468;
  const std::int64_t era = floorDivide(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const auto march_month = static_cast<int>((5 * day_of_year + 2) / 153);
  CivilTime t;
  t.day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1);
  t.month = march_month < 10 ? march_month + 3 : march_month - 9;
  t.year = year_of_era + era * 400 + (t.month <= 2 ? 1 : 0);
  t.hour = rest / 3'600'000;
  t.minute = rest / 60'000 % 60;
  t.second = rest / 1'000 % 60;
  t.millis = rest % 1'000;
  return t;
}

// 0 is Monday.
constexpr int weekdayOf(std::int64_t days) { return static_cast<int>(floorModulo(days + 3, 7)); }

}  // namespace gyre::engine
