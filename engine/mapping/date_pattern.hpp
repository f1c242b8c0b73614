// What does a date format consist of?
//
// A pattern of letters, or a name of the dialect that stands for one, compiled to elements which are read and written
// one after the other. Optional parts are bracketed by elements of their own.
//
// THREADS: pure functions. SOURCE: OpenSearch's named date formats; java.time's DateTimeFormatter letters.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::engine {

enum class DatePart : std::uint8_t {
  kLiteral,
  kYear,
  kMonth,
  kMonthName,  // width 3: Jan, 4: January; English, as the dialect's root locale
  kDay,
  kHour,
  kHour12,   // 1 to 12, with kHalfDay
  kHalfDay,  // AM or PM
  kMinute,
  kSecond,
  kFraction,      // exactly `width` digits
  kAnyFraction,   // '.' or ',' and one to nine digits; written as .SSS, with width 9 as long as it takes
  kOffset,        // width 1 +02[00], 2 +0200, 3 +02:00; Z for zero
  kNumberOffset,  // the same, zero written in digits
  kAnyOffset,     // Z, +02, +0200 or +02:00; written as width 3
  kWeekday,       // width 3: Mon, 4: Monday
  kQuarter,       // width 1 or 2: digits, 3: Q1, 4: 1st quarter
  kOptionalBegin,
  kOptionalEnd,
  kEpochMillis,
  kEpochSecond,
};

struct DateElement {
  DatePart part = DatePart::kLiteral;
  std::uint8_t width = 0;
  char literal = 0;
  std::uint8_t written = 0;  // digits at least when it is written; named formats read single ones and write none
};

// In English.
inline constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                             "May",       "June",     "July",     "August",
                                                             "September", "October",  "November", "December"};
inline constexpr std::array<std::string_view, 4> kQuarters = {"1st quarter", "2nd quarter", "3rd quarter",
                                                              "4th quarter"};
inline constexpr std::array<std::string_view, 7> kWeekdays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                              "Friday", "Saturday", "Sunday"};

// A name of the dialect, or a pattern. invalid_argument says what is wrong with it, and which name may have been meant.
Result<std::vector<DateElement>> compileDateAlternative(std::string_view text);

}  // namespace gyre::engine
