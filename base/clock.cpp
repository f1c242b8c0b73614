#include "base/clock.hpp"

#include <chrono>
#include <cstdio>

namespace gyre::base {

namespace {

constexpr std::int64_t kDayMillis = 86'400'000;

// Digits [at, at+count) as a number; nothing when one is missing.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool isAt(std::string_view text, std::size_t at, std::string_view any_of) {
  return at < text.size() && any_of.find(text[at]) != std::string_view::npos;
}

// Minutes of "Z", "+02:00" or "-0530"'s colon form; nothing for anything else.
std::optional<int> parseOffset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || !isAt(text, 0, "+-") || text[3] != ':') return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const int total = *hours * 60 + *minutes;
  return text[0] == '-' ? -total : total;
}

}  // namespace

std::int64_t SystemClock::nowMillis() const {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::int64_t SystemClock::monotonicNanos() const {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

std::string formatTime(std::int64_t millis) {
  using namespace std::chrono;
  std::int64_t day = millis / kDayMillis;
  std::int64_t rest = millis % kDayMillis;
  if (rest < 0) {
    rest += kDayMillis;
    --day;
  }
  // Civil date from day number (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"), in 64 bits so that any
  // representable time has a year.
  const std::int64_t shifted = day + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_index = (5 * day_of_year + 2) / 153;
  const auto day_of_month = static_cast<int>(day_of_year - (153 * month_index + 2) / 5 + 1);
  const auto month = static_cast<int>(month_index < 10 ? month_index + 3 : month_index - 9);
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);

  char text[48];
  const char* const year_format = year < 0 ? "%05lld" : year > 9999 ? "+%04lld" : "%04lld";
  int size = std::snprintf(text, sizeof text, year_format, static_cast<long long>(year));
  const auto ms = static_cast<int>(rest);
  size += std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), "-%02d-%02dT%02d:%02d:%02d.%03dZ", month,
                        day_of_month, ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
  return {text, static_cast<std::size_t>(size)};
}

std::optional<std::int64_t> parseTime(std::string_view text) {
  using namespace std::chrono;
  const auto year_number = digits(text, 0, 4);
  const auto month_number = digits(text, 5, 2);
  const auto day_number = digits(text, 8, 2);
  if (!year_number || !month_number || !day_number || text[4] != '-' || text[7] != '-') return std::nullopt;
  const year_month_day date{year{*year_number}, month{static_cast<unsigned>(*month_number)},
                            day{static_cast<unsigned>(*day_number)}};
  if (!date.ok()) return std::nullopt;
  std::int64_t millis = sys_days{date}.time_since_epoch().count() * kDayMillis;
  if (text.size() == 10) return millis;

  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!hour || !minute || !second || !isAt(text, 10, "Tt ") || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  millis += (*hour * 60 + *minute) * 60'000LL + *second * 1000LL;
  std::size_t at = 19;
  if (isAt(text, at, ".")) {
    const std::size_t first = ++at;
    int scale = 100;
    for (; isAt(text, at, "0123456789"); ++at, scale /= 10) millis += (text[at] - '0') * scale;
    if (at == first) return std::nullopt;
  }
  if (*second == 60) millis = millis - millis % 60'000 - 1;
  const auto offset = parseOffset(text.substr(at));
  if (!offset) return std::nullopt;
  return millis - *offset * 60'000LL;
}

}  // namespace gyre::base
