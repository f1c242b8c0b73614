// When did this happen? Every form of time that log senders write, as milliseconds since 1970 and, where the sender was
// finer than that, nanoseconds.
//
// THREADS: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "gyre/json.hpp"

namespace gyre::logs {

// An instant of any year. `nanoseconds`, within the second, is there when the text had more than three decimals.
struct Instant {
  std::int64_t millis = 0;
  std::optional<std::int32_t> nanoseconds;
  bool operator==(const Instant&) const = default;
};

// A time as a sender stated it, or the reason why there is none.
struct Stamp {
  enum class Fault : std::uint8_t { kNone, kMissing, kUnreadable, kOutOfRange };
  Instant at;
  Fault fault = Fault::kMissing;
};

// RFC 3339 with its liberties: a space, '_' or 't' for the T, a comma for the point, any number of decimals, "+0200",
// "+02", " +02:00" or no zone (UTC), '/' between year, month and day; "17/May/2015:10:05:03 +0000" of access logs; a
// date alone is its first instant. Years of up to six digits are read, so that they can be told apart from what is no
// time.
std::optional<Instant> parseInstant(std::string_view text);

// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size (10^11, 10^14 and 10^17 are the
// bounds: all four mean the years 1973 to 5138, and nothing else is read); `number` as JSON or a sender wrote it,
// decimals allowed.
std::optional<Instant> parseEpoch(std::string_view number);

Instant instantOfNanos(std::uint64_t nanos);

// A text or number in any of the forms above.
Stamp readStamp(json::Value value);
Stamp readStamp(std::string_view text);

// Before 1970, or more than `future_days` after `arrival`: such a record would live as long as its generation, or keep
// it from ever being deleted. Taken instead is the time of arrival.
bool isInRange(const Instant& at, std::int64_t arrival_millis, std::int64_t future_days);

// "Jan".."Dec", whatever the case; 0 for another text.
unsigned monthOf(std::string_view name);

// Midnight UTC of a day in milliseconds; nothing for a day that does not exist.
std::optional<std::int64_t> dayMillis(int year, unsigned month, unsigned day);

}  // namespace gyre::logs
