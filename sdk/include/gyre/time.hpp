// How does a plugin read and write a time? RFC 3339 to milliseconds since 1970-01-01T00:00:00Z, and back.
//
// THREADS: pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace gyre {

// An instant, or a whole day when the text is a date alone.
struct TimeSpan {
  std::int64_t first = 0;  // milliseconds
  std::int64_t last = 0;   // the last one; equal to `first` for an instant
};

// "2024-02-29T12:00:00Z", "+02:00" offsets, lower-case t or z or a space, any number of decimals (cut to milliseconds);
// or "2024-02-29", the whole day in UTC. Nothing for anything else, 24:00 and February 30 included; :60 reads as
// :59.999.
inline std::optional<TimeSpan> parseTimeSpan(std::string_view text);

// The first millisecond of parseTimeSpan.
inline std::optional<std::int64_t> parseTime(std::string_view text) {
  const auto span = parseTimeSpan(text);
  return span ? std::optional<std::int64_t>(span->first) : std::nullopt;
}

// "2024-02-29T12:00:00.000Z": UTC, three decimals. REQUIRES: a year from 0 to 9999.
inline std::string timeText(std::int64_t millis);

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

// Takes what a time is made of from the front of a text; after a failure everything fails.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}
  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') {
        fail();
        return 0;
      }
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  // The character taken; '\0' when none of `choices` is next.
  char oneOf(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_[0]) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char taken = rest_[0];
    rest_.remove_prefix(1);
    return taken;
  }
  bool isNext(char c) const { return !rest_.empty() && rest_[0] == c; }
  bool isNextDigit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool isAtEnd() const { return rest_.empty(); }
  bool isSound() const { return is_sound_; }

 private:
  void fail() {
    is_sound_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool is_sound_ = true;
};

}  // namespace detail

inline std::optional<TimeSpan> parseTimeSpan(std::string_view text) {
  constexpr std::int64_t kDay = 86'400'000;
  detail::TimeReader in(text);
  const int year = in.digits(4);
  in.oneOf("-");
  const int month = in.digits(2);
  in.oneOf("-");
  const int day = in.digits(2);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!in.isSound() || !date.ok()) return std::nullopt;
  std::int64_t millis = std::chrono::sys_days{date}.time_since_epoch().count() * kDay;
  if (in.isAtEnd()) return TimeSpan{millis, millis + kDay - 1};

  in.oneOf("Tt ");
  const int hour = in.digits(2);
  in.oneOf(":");
  const int minute = in.digits(2);
  in.oneOf(":");
  const int second = in.digits(2);
  if (!in.isSound() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  int fraction = 0;
  if (in.isNext('.')) {
    in.oneOf(".");
    fraction = in.digits(1) * 100;
    for (int unit = 10; in.isNextDigit(); unit /= 10) fraction += in.digits(1) * unit;
  }
  millis += hour * 3'600'000LL + minute * 60'000LL + (second == 60 ? 59'999 : second * 1000 + fraction);
  const char sign = in.oneOf("Zz+-");
  if (sign == '+' || sign == '-') {
    const int hours = in.digits(2);
    in.oneOf(":");
    const int minutes = in.digits(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    millis -= (hours * 60 + minutes) * (sign == '+' ? 60'000LL : -60'000LL);
  }
  if (!in.isSound() || !in.isAtEnd()) return std::nullopt;
  return TimeSpan{millis, millis};
}

inline std::string timeText(std::int64_t millis) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(millis)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto rest = static_cast<int>((time - day).count());
  char text[64];
  const int size =
      std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3'600'000,
                    rest / 60'000 % 60, rest / 1000 % 60, rest % 1000);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace gyre
