#include "server/dialect/date_math_name.hpp"

#include <algorithm>

#include "engine/mapping/date_format.hpp"
#include "engine/mapping/time_zone.hpp"

namespace gyre::dialect {

namespace {

Status invalid(std::string_view name, std::string_view why) {
  return {Code::kInvalidArgument, "parse_exception",
          "invalid dynamic name expression [" + std::string(name) + "]. " + std::string(why)};
}

Result<std::string> evaluate(std::string_view inner, std::int64_t now_millis) {
  std::string_view math = inner, format = "yyyy.MM.dd", zone_name = "UTC";
  if (const std::size_t open = inner.find('{'); open != std::string_view::npos) {
    if (!inner.ends_with('}')) return invalid(inner, "missing closing `}` for date math format");
    math = inner.substr(0, open);
    format = inner.substr(open + 1, inner.size() - open - 2);
    if (const std::size_t bar = format.find('|'); bar != std::string_view::npos) {
      zone_name = format.substr(bar + 1);
      format = format.substr(0, bar);
    }
    if (format.empty()) return invalid(inner, "missing date format");
  }
  GYRE_TRY_ASSIGN(const engine::TimeZone zone, engine::TimeZone::parse(zone_name));
  GYRE_TRY_ASSIGN(const engine::DateFormat form, engine::DateFormat::parse(format));
  // A date before the math is written as the name will be, or in full.
  GYRE_TRY_ASSIGN(const engine::DateFormat read,
                  engine::DateFormat::parse(std::string(format) + "||" + std::string(engine::kDefaultDateFormat)));
  GYRE_TRY_ASSIGN(const std::int64_t millis, engine::parseDateMath(math, read, engine::RoundUp::kNo, zone, now_millis));
  return engine::formatDate(millis, form, zone);
}

}  // namespace

Result<std::string> resolveDateMath(std::string_view name, std::int64_t now_millis) {
  if (name.size() < 3 || name.front() != '<' || name.back() != '>') return std::string(name);
  const std::string_view text = name.substr(1, name.size() - 2);
  std::string resolved;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      resolved += text[++i];
    } else if (text[i] == '}') {
      return invalid(name, "invalid character at position [" + std::to_string(i) + "]");
    } else if (text[i] != '{') {
      resolved += text[i];
    } else {
      int depth = 1;
      std::size_t end = i + 1;
      for (; end < text.size() && depth > 0; ++end) depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
      if (depth > 0) return invalid(name, "date math placeholder is open ended");
      GYRE_TRY_ASSIGN(const std::string date, evaluate(text.substr(i + 1, end - i - 2), now_millis));
      resolved += date;
      i = end - 1;
    }
  }
  return resolved;
}

}  // namespace gyre::dialect
