// Which instant does this text mean, and how is an instant written?
//
// A format is one or more alternatives joined by "||", tried in order; the first one writes. An alternative is a name
// of the dialect (strict_date_optional_time, epoch_millis, basic_date, …) or a pattern of letters (yyyy/MM/dd HH:mm:ss;
// quoted literals, optional parts in brackets). Most callers want milliseconds since the epoch, and finer digits cut;
// an Instant keeps them.
//
// THREADS: a DateFormat is immutable; copies share one compiled form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/time_zone.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// A point in time to the nanosecond.
struct Instant {
  std::int64_t millis = 0;  // since the epoch, rounded down
  std::int32_t nanos = 0;   // beyond them, 0 to 999,999
  bool operator==(const Instant&) const = default;
};
// Nanoseconds since the epoch, as a date_nanos keeps them: 1970 to 2262. illegal_argument_exception outside.
Result<std::int64_t> toNanos(const Instant& instant);
Instant fromNanos(std::int64_t nanos);

// What the parts that a text leaves out become. kNo: the earliest instant. kYes: the time of day becomes its last
// nanosecond, a missing month or day still the first ("2024-02" is 2024-02-01T23:59:59.999). In a range, lte and gt
// round up, gte and lt do not; a stored value never does.
enum class RoundUp : bool { kNo = false, kYes = true };

inline constexpr std::string_view kDefaultDateFormat = "strict_date_optional_time||epoch_millis";

class DateFormat {
 public:
  // The default format.
  DateFormat();
  // "" is the default. invalid_argument names the alternative that is not understood.
  static Result<DateFormat> parse(std::string_view format);

  const std::string& name() const { return name_; }

  struct Alternative;  // one compiled "||" part

 private:
  explicit DateFormat(std::nullptr_t) {}  // to be filled by parse
  friend std::optional<std::int64_t> tryParseDate(std::string_view, const DateFormat&, RoundUp, const TimeZone&);
  friend std::optional<Instant> tryParseInstant(std::string_view, const DateFormat&, RoundUp, const TimeZone&);
  friend std::string formatInstant(const Instant&, const DateFormat&, const TimeZone&);

  std::string name_;
  bool is_default_first_ = false;  // the first alternative is strict_date_optional_time: a fast path serves it
  std::shared_ptr<const std::vector<Alternative>> alternatives_;
};

// `zone` is where a text without an offset of its own is read. Nothing when no alternative takes the whole text.
std::optional<std::int64_t> tryParseDate(std::string_view text, const DateFormat& format, RoundUp round = RoundUp::kNo,
                                         const TimeZone& zone = {});
std::optional<Instant> tryParseInstant(std::string_view text, const DateFormat& format, RoundUp round = RoundUp::kNo,
                                       const TimeZone& zone = {});

// The same, with a refusal that shows text and format (reason "parse_exception").
Result<std::int64_t> parseDate(std::string_view text, const DateFormat& format, RoundUp round = RoundUp::kNo,
                               const TimeZone& zone = {});
Result<Instant> parseInstant(std::string_view text, const DateFormat& format, RoundUp round = RoundUp::kNo,
                             const TimeZone& zone = {});

// Date arithmetic as in range queries: "now", "now-1d/d", "2024-01-01||+1M/d", or a plain date. Units are y M w d h H m
// s; months and days are counted on the zone's calendar, January 31 plus a month is the end of February. A rounding
// ("/d") goes to the unit's first nanosecond, with kYes to its last.
Result<std::int64_t> parseDateMath(std::string_view text, const DateFormat& format, RoundUp round, const TimeZone& zone,
                                   std::int64_t now_millis);
Result<Instant> parseInstantMath(std::string_view text, const DateFormat& format, RoundUp round, const TimeZone& zone,
                                 std::int64_t now_millis);

// By the format's first alternative; UTC is written Z, other offsets as +02:00.
std::string formatInstant(const Instant& instant, const DateFormat& format, const TimeZone& zone = {});
inline std::string formatDate(std::int64_t millis, const DateFormat& format, const TimeZone& zone = {}) {
  return formatInstant({millis, 0}, format, zone);
}

enum class CalendarUnit : std::uint8_t { kSecond, kMinute, kHour, kDay, kWeek, kMonth, kQuarter, kYear };

// The first instant of the unit of the zone's calendar that holds `utc`; weeks begin on Monday.
std::int64_t startOfUnit(CalendarUnit unit, std::int64_t utc, const TimeZone& zone);

// `utc` moved by `count` units on the zone's calendar; nothing when the result does not fit.
std::optional<std::int64_t> addUnits(CalendarUnit unit, std::int64_t count, std::int64_t utc, const TimeZone& zone);

}  // namespace gyre::engine
