#include "engine/mapping/date_format.hpp"

#include <utility>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/date_pattern.hpp"
#include "engine/mapping/date_reading.hpp"
#include "engine/mapping/date_writing.hpp"

namespace gyre::engine {

struct DateFormat::Alternative {
  std::vector<DateElement> elements;
};

DateFormat::DateFormat() {
  static const DateFormat shared = std::move(parse(kDefaultDateFormat)).value();
  *this = shared;
}

Result<DateFormat> DateFormat::parse(std::string_view format) {
  if (format.empty()) return DateFormat();
  DateFormat parsed{nullptr};
  parsed.name_ = std::string(format);
  auto alternatives = std::make_shared<std::vector<Alternative>>();
  for (std::string_view rest = format;;) {
    const std::size_t bar = rest.find("||");
    const std::string_view part = rest.substr(0, bar);
    GYRE_TRY_ASSIGN(auto elements, compileDateAlternative(part));
    if (alternatives->empty()) parsed.is_default_first_ = part == "strict_date_optional_time";
    alternatives->push_back({std::move(elements)});
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 2);
  }
  parsed.alternatives_ = std::move(alternatives);
  return parsed;
}

std::optional<Instant> tryParseInstant(std::string_view text, const DateFormat& format, RoundUp round,
                                       const TimeZone& zone) {
  for (const DateFormat::Alternative& alternative : *format.alternatives_) {
    if (const auto instant = readInstant(alternative.elements, text, round, zone)) return instant;
  }
  return std::nullopt;
}

std::optional<std::int64_t> tryParseDate(std::string_view text, const DateFormat& format, RoundUp round,
                                         const TimeZone& zone) {
  if (format.is_default_first_)
    if (const auto common = readCommonForm(text, round)) return common;
  const auto instant = tryParseInstant(text, format, round, zone);
  return instant ? std::optional(instant->millis) : std::nullopt;
}

namespace {
Status unreadable(std::string_view text, const DateFormat& format) {
  return {Code::kInvalidArgument, "parse_exception",
          "failed to parse date [" + std::string(utf16Prefix(text, 100)) + "] with format [" + format.name() + "]"};
}
}  // namespace

Result<Instant> parseInstant(std::string_view text, const DateFormat& format, RoundUp round, const TimeZone& zone) {
  if (const auto instant = tryParseInstant(text, format, round, zone)) return *instant;
  return unreadable(text, format);
}

Result<std::int64_t> parseDate(std::string_view text, const DateFormat& format, RoundUp round, const TimeZone& zone) {
  if (const auto millis = tryParseDate(text, format, round, zone)) return *millis;
  return unreadable(text, format);
}

std::string formatInstant(const Instant& instant, const DateFormat& format, const TimeZone& zone) {
  return writeInstant(format.alternatives_->front().elements, instant, zone);
}

}  // namespace gyre::engine
