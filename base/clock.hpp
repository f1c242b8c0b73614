// What time is it, and how is a time written?
//
// Times are milliseconds since 1970-01-01T00:00:00Z (UTC, no leap seconds) in a signed 64-bit integer. Text is RFC 3339.
// Everything that waits or measures takes a Clock, so tests hold time in their hand (ManualClock).
//
// THREADS: a Clock may be asked from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gyre::base {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock milliseconds since the epoch; may step.
  virtual std::int64_t nowMillis() const = 0;
  // Nanoseconds from an arbitrary start; never steps back. For durations and deadlines.
  virtual std::int64_t monotonicNanos() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::int64_t nowMillis() const override;
  std::int64_t monotonicNanos() const override;
};

// Stands still until told to move; both readings move together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t start_millis) : millis_(start_millis) {}
  std::int64_t nowMillis() const override { return millis_.load(); }
  std::int64_t monotonicNanos() const override { return millis_.load() * 1'000'000; }
  void advance(std::int64_t millis) { millis_ += millis; }

 private:
  std::atomic<std::int64_t> millis_;
};

// "2024-02-29T12:00:00.000Z": always UTC, always three decimals. Years 0 to 9999; others get a sign, as ISO 8601 asks.
std::string formatTime(std::int64_t millis);

// RFC 3339 date-time ("2024-02-29T12:00:00Z", "+02:00" offsets, a space or lower-case t or z, any number of decimals, cut
// to milliseconds) or a full date alone ("2024-02-29": midnight UTC). Nothing for anything else, 24:00 and February 30
// included; a leap second :60 is read as :59.999.
std::optional<std::int64_t> parseTime(std::string_view text);

}  // namespace gyre::base
