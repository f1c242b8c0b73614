#include "engine/mapping/time_zone.hpp"

#include <date/tz.h>

#include <exception>
#include <limits>
#include <optional>

#include "engine/mapping/civil_time.hpp"

namespace gyre::engine {

namespace {

using Millis = std::chrono::milliseconds;

// Instants that the zone database can hold: its years are 16 bits wide. Outside, the offset of the nearest end holds.
constexpr std::int64_t kFirstKnown = daysFromCivil(-30'000, 1, 1) * kDayMillis;
constexpr std::int64_t kLastKnown = daysFromCivil(30'000, 1, 1) * kDayMillis;

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// Milliseconds of "+2", "+02", "+0230", "+02:30", "Z", or "".
std::optional<std::int64_t> parseOffset(std::string_view text) {
  if (text.empty() || text == "Z") return 0;
  if (text.front() != '+' && text.front() != '-') return std::nullopt;
  const bool is_negative = text.front() == '-';
  std::string digits;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':' && i == 3 && text.size() == 6) continue;
    if (!isDigit(text[i])) return std::nullopt;
    digits += text[i];
  }
  if (digits.size() == 1) digits.insert(0, 1, '0');
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4) return std::nullopt;
  const int hours = (digits[0] - '0') * 10 + (digits[1] - '0');
  const int minutes = (digits[2] - '0') * 10 + (digits[3] - '0');
  if (minutes > 59 || hours * 60 + minutes > 18 * 60) return std::nullopt;
  const std::int64_t offset = hours * kHourMillis + minutes * kMinuteMillis;
  return is_negative ? -offset : offset;
}

date::sys_info infoAt(const date::time_zone& zone, std::int64_t utc) {
  const std::int64_t known = utc < kFirstKnown ? kFirstKnown : utc > kLastKnown ? kLastKnown : utc;
  return zone.get_info(date::sys_time<Millis>(Millis(known)));
}

std::int64_t addSaturating(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

Result<TimeZone> TimeZone::parse(std::string_view name) {
  TimeZone zone;
  zone.name_ = std::string(name);
  std::string_view offset = name;
  if (offset.starts_with("UTC") || offset.starts_with("GMT")) offset.remove_prefix(3);
  if (const auto fixed = parseOffset(offset); fixed && !name.empty()) {
    zone.offset_ = *fixed;
    return zone;
  }
  try {
    zone.zone_ = date::locate_zone(zone.name_);
  } catch (const std::exception&) {
    return invalidArgument("unknown time zone [" + zone.name_ + "]");
  }
  return zone;
}

TimeZone::Span TimeZone::spanAt(std::int64_t utc) const {
  constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::max();
  if (zone_ == nullptr) return {-kAlways, kAlways, offset_};
  const date::sys_info info = infoAt(*zone_, utc);
  const auto millisOf = [](date::sys_seconds t) {
    const std::int64_t seconds = t.time_since_epoch().count();
    if (seconds <= kFirstKnown / 1000) return -kAlways;
    return seconds >= kLastKnown / 1000 ? kAlways : seconds * kSecondMillis;
  };
  return {millisOf(info.begin), millisOf(info.end), std::chrono::duration_cast<Millis>(info.offset).count()};
}

std::int64_t TimeZone::toLocal(std::int64_t utc) const { return addSaturating(utc, offsetAt(utc)); }

std::int64_t TimeZone::toUtc(std::int64_t local) const {
  if (zone_ == nullptr) return addSaturating(local, -offset_);
  // No zone is further than a day from UTC, so the offset is that of the day before or one after the next change.
  const std::int64_t before = offsetAt(addSaturating(local, -kDayMillis));
  const std::int64_t after = offsetAt(addSaturating(local, kDayMillis));
  const std::int64_t early = addSaturating(local, -before);
  const std::int64_t late = addSaturating(local, -after);
  // In the overlap both are true and `early`, by the offset before the change, is the first; in the gap neither is, and
  // the offset before the change moves the clock on.
  if (before == after || offsetAt(early) == before) return early;
  return offsetAt(late) == after ? late : early;
}

}  // namespace gyre::engine
