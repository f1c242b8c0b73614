#include "timestamp.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <string>

namespace gyre::logs {

namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kFirstSecond = 100'000'000;  // 1973: a smaller number is a duration, a count or a default

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// Takes what a time is made of from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  // `least` to `most` digits; -1 when there are fewer.
  int digits(std::size_t least, std::size_t most) {
    int value = 0;
    std::size_t count = 0;
    while (count < most && count < rest_.size() && isDigit(rest_[count])) value = value * 10 + (rest_[count++] - '0');
    rest_.remove_prefix(count);
    return count < least ? -1 : value;
  }
  bool take(std::string_view any) {
    if (rest_.empty() || any.find(rest_[0]) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view word(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  char next() const { return rest_.empty() ? '\0' : rest_[0]; }
  bool isAtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Nanoseconds of the decimals that follow, and whether there were more than three.
bool readFraction(Scanner& in, std::int32_t& nanos, bool& is_fine) {
  if (!in.take(".,")) return true;
  std::int32_t unit = 100'000'000;
  int count = 0;
  for (int digit = in.digits(1, 1); digit >= 0; digit = in.digits(1, 1), ++count) {
    nanos += digit * unit;
    unit /= 10;
  }
  is_fine = count > 3;
  return count > 0;
}

// Minutes east of Greenwich; false for what is no zone. None at all is UTC.
bool readZone(Scanner& in, int& minutes) {
  in.take(" ");
  if (in.isAtEnd()) return true;
  if (in.take("Zz")) return in.isAtEnd();
  if (in.next() == 'U' || in.next() == 'G') {
    const std::string_view name = in.word(3);
    return (name == "UTC" || name == "GMT") && in.isAtEnd();
  }
  const bool is_west = in.next() == '-';
  if (!in.take("+-")) return false;
  const int hours = in.digits(2, 2);
  in.take(":");
  const int rest = in.isAtEnd() ? 0 : in.digits(2, 2);
  if (hours < 0 || hours > 23 || rest < 0 || rest > 59 || !in.isAtEnd()) return false;
  minutes = (hours * 60 + rest) * (is_west ? -1 : 1);
  return true;
}

// What follows the day: the clock, its decimals and a zone.
std::optional<Instant> readClock(Scanner& in, std::int64_t day) {
  const int hour = in.digits(1, 2);
  if (!in.take(":")) return std::nullopt;
  const int minute = in.digits(2, 2);
  int second = 0;
  if (in.take(":")) second = in.digits(2, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  std::int32_t nanos = 0;
  bool is_fine = false;
  int zone = 0;
  if (!readFraction(in, nanos, is_fine) || !readZone(in, zone)) return std::nullopt;
  if (second == 60) {
    second = 59;
    nanos = 999'999'999;
  }
  Instant at;
  at.millis = day + hour * 3'600'000LL + minute * 60'000LL + second * 1000LL + nanos / 1'000'000 - zone * 60'000LL;
  if (is_fine) at.nanoseconds = nanos;
  return at;
}

int twoDigits(const char* text) { return (text[0] - '0') * 10 + (text[1] - '0'); }

// "2024-02-29T12:00:00.000Z" and nothing else: what most senders write, without the branches of the rest.
std::optional<Instant> readCommon(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd.dddZ";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == 'd' ? !isDigit(text[i]) : kShape[i] != text[i]) return std::nullopt;
  const char* const at = text.data();
  const auto month = static_cast<unsigned>(twoDigits(at + 5));
  const auto day = static_cast<unsigned>(twoDigits(at + 8));
  const auto midnight = dayMillis(twoDigits(at) * 100 + twoDigits(at + 2), month, day);
  const int hour = twoDigits(at + 11), minute = twoDigits(at + 14), second = twoDigits(at + 17);
  if (!midnight || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return Instant{
      *midnight + hour * 3'600'000LL + minute * 60'000LL + second * 1000LL + (at[20] - '0') * 100 + twoDigits(at + 21),
      std::nullopt};
}

std::int64_t secondNanos(std::uint64_t nanos) { return static_cast<std::int64_t>(nanos % 1'000'000'000); }

Stamp stampOf(const std::optional<Instant>& at) {
  return at ? Stamp{*at, Stamp::Fault::kNone} : Stamp{{}, Stamp::Fault::kUnreadable};
}

}  // namespace

std::optional<std::int64_t> dayMillis(int year, unsigned month, unsigned day) {
  if (year > 32'767) {  // beyond what chrono counts, and beyond any range that is taken
    if (month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
    return (year - 1970) * 365LL * kDay;
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count() * kDay;
}

unsigned monthOf(std::string_view name) {
  constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (name.size() != 3) return 0;
  char lower[3];
  for (int i = 0; i < 3; ++i) lower[i] = name[static_cast<std::size_t>(i)] | 0x20;
  const std::size_t at = kMonths.find(std::string_view(lower, 3));
  return at == std::string_view::npos || at % 3 != 0 ? 0 : static_cast<unsigned>(at / 3 + 1);
}

std::optional<Instant> parseInstant(std::string_view text) {
  if (const auto common = readCommon(text)) return common;
  Scanner in(text);
  const int first = in.digits(1, 6);
  if (first < 0) return std::nullopt;
  std::optional<std::int64_t> day;
  const std::size_t first_size = text.find_first_not_of("0123456789");
  if (first_size != std::string_view::npos && first_size >= 4) {
    if (!in.take("-/")) return std::nullopt;
    const int month = in.digits(1, 2);
    if (!in.take("-/")) return std::nullopt;
    const int of_month = in.digits(1, 2);
    if (month < 0 || of_month < 0) return std::nullopt;
    day = dayMillis(first, static_cast<unsigned>(month), static_cast<unsigned>(of_month));
  } else {
    if (!in.take("/-")) return std::nullopt;
    const unsigned month = monthOf(in.word(3));
    if (month == 0 || !in.take("/-")) return std::nullopt;
    const int year = in.digits(4, 4);
    if (year < 0) return std::nullopt;
    day = dayMillis(year, month, static_cast<unsigned>(first));
  }
  if (!day) return std::nullopt;
  if (in.isAtEnd()) return Instant{*day, std::nullopt};
  if (!in.take("Tt _:")) return std::nullopt;
  return readClock(in, *day);
}

Instant instantOfNanos(std::uint64_t nanos) {
  Instant at{static_cast<std::int64_t>(nanos / 1'000'000), std::nullopt};
  if (nanos % 1'000'000 != 0) at.nanoseconds = static_cast<std::int32_t>(secondNanos(nanos));
  return at;
}

std::optional<Instant> parseEpoch(std::string_view number) {
  std::int64_t whole = 0;
  const char* const end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, whole);
  if (error != std::errc()) return std::nullopt;
  if (stop == end) {
    if (whole < kFirstSecond) return std::nullopt;
    if (whole < 100'000'000'000) return Instant{whole * 1000, std::nullopt};
    if (whole < 100'000'000'000'000) return Instant{whole, std::nullopt};
    return instantOfNanos(static_cast<std::uint64_t>(whole < 100'000'000'000'000'000 ? whole * 1000 : whole));
  }
  // Decimals of seconds or milliseconds: their digits are read as text, since a double has not enough for nanoseconds.
  if (*stop == '.' && whole >= kFirstSecond && whole < 100'000'000'000) {
    Scanner in(std::string_view(stop, static_cast<std::size_t>(end - stop)));
    std::int32_t nanos = 0;
    bool is_fine = false;
    if (!readFraction(in, nanos, is_fine) || !in.isAtEnd()) return std::nullopt;
    Instant at{whole * 1000 + nanos / 1'000'000, std::nullopt};
    if (is_fine) at.nanoseconds = nanos;
    return at;
  }
  double real = 0;
  const auto [real_stop, real_error] = std::from_chars(number.data(), end, real);
  if (real_error != std::errc() || real_stop != end || !(real >= kFirstSecond && real < 1e19)) return std::nullopt;
  const double millis = real < 1e11 ? real * 1000 : real < 1e14 ? real : real < 1e17 ? real / 1000 : real / 1e6;
  return Instant{static_cast<std::int64_t>(millis), std::nullopt};
}

Stamp readStamp(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '[')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == ']' || text.back() == '\n')) text.remove_suffix(1);
  if (text.empty()) return {{}, Stamp::Fault::kUnreadable};
  return stampOf(json::detail::isNumber(text) ? parseEpoch(text) : parseInstant(text));
}

Stamp readStamp(json::Value value) {
  if (value.isString()) return readStamp(value.string());
  if (value.isNumber()) return stampOf(parseEpoch(value.numberText()));
  return {{}, value.isMissing() || value.isNull() ? Stamp::Fault::kMissing : Stamp::Fault::kUnreadable};
}

bool isInRange(const Instant& at, std::int64_t arrival_millis, std::int64_t future_days) {
  return at.millis >= 0 && at.millis <= arrival_millis + future_days * kDay;
}

}  // namespace gyre::logs
