// Processors of dates: date, date_index_name.
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "engine/mapping/date_format.hpp"
#include "engine/mapping/time_zone.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/processor_kinds.hpp"

namespace gyre::dialect {

namespace {

constexpr std::string_view kIsoOutput = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX";

// One of the formats of a date processor: a name of its own, or what a date field may have.
Status checkFormat(const ProcessorConfig& config, std::string_view property, const std::string& format) {
  if (format == "ISO8601" || format == "UNIX" || format == "UNIX_MS" || format == "TAI64N") return {};
  const auto parsed = engine::DateFormat::parse(format);
  if (parsed.isOk()) return {};
  return config.fault(property, "Invalid format: [" + format + "]: " + std::string(parsed.status().message()));
}

std::optional<std::int64_t> parseUnix(const std::string& text, double factor) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || std::abs(number) > 9e15)
    return std::nullopt;
  return static_cast<std::int64_t>(std::floor(number * factor));
}

// "@4000000050d506482dbdf024": seconds of atomic time from 2^62 on, then nanoseconds, in hexadecimal digits.
std::optional<std::int64_t> parseTai64n(std::string_view text) {
  static constexpr std::int64_t kBase = 4'611'686'018'427'387'914;
  if (text.starts_with('@')) text.remove_prefix(1);
  if (text.size() != 24) return std::nullopt;
  std::int64_t seconds = 0, nanos = 0;
  const char* const middle = text.data() + 16;
  const auto first = std::from_chars(text.data(), middle, seconds, 16);
  const auto second = std::from_chars(middle, middle + 8, nanos, 16);
  if (first.ec != std::errc() || first.ptr != middle || second.ec != std::errc() || second.ptr != middle + 8)
    return std::nullopt;
  const std::int64_t since = seconds - kBase;
  if (since > 9'000'000'000'000 || since < -9'000'000'000'000) return std::nullopt;
  return since * 1000 + nanos / 1'000'000;
}

std::optional<std::int64_t> parseOne(const std::string& text, const std::string& format, const engine::TimeZone& zone) {
  if (format == "UNIX") return parseUnix(text, 1000);
  if (format == "UNIX_MS") return parseUnix(text, 1);
  if (format == "TAI64N") return parseTai64n(text);
  auto parsed = engine::DateFormat::parse(format == "ISO8601" ? "date_optional_time" : format);
  if (!parsed.isOk()) return std::nullopt;
  return engine::tryParseDate(text, parsed.value(), engine::RoundUp::kNo, zone);
}

Result<std::int64_t> parseAny(const std::string& text, const std::vector<std::string>& formats,
                              const engine::TimeZone& zone) {
  for (const std::string& format : formats)
    if (const auto millis = parseOne(text, format, zone)) return *millis;
  Status status = illegalArgument("unable to parse date [" + text + "]");
  if (!formats.empty())
    status.addFault("caused_by", "illegal_argument_exception: failed to parse date field [" + text + "] with format [" +
                                     formats.back() + "]");
  return status;
}

Result<std::string> dateText(const IngestDocument& document, const std::string& field) {
  GYRE_TRY_ASSIGN(const JsonTree* const held, document.get(field));
  if (held->isNull()) return illegalArgument("field [" + field + "] is null, cannot process it.");
  return plainText(*held);
}

// Languages other than English would need their names of months.
Status checkLocale(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string locale, config.textOr("locale", "ENGLISH"));
  for (const std::string_view known : {"ENGLISH", "en", "en-US", "en_US", "en-GB", "ROOT"})
    if (locale == known) return {};
  return config.fault("locale", "the locale [" + locale + "] is not served: dates are read in English");
}

Result<ProcessorPtr> makeDate(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const auto formats, config.texts("formats"));
  GYRE_TRY_ASSIGN(const std::string target, config.textOr("target_field", "@timestamp"));
  GYRE_TRY_ASSIGN(const std::string zone_name, config.textOr("timezone", "UTC"));
  GYRE_TRY_ASSIGN(const std::string output, config.textOr("output_format", kIsoOutput));
  GYRE_TRY(checkLocale(config));
  for (const std::string& format : formats) GYRE_TRY(checkFormat(config, "formats", format));
  const auto output_format = engine::DateFormat::parse(output);
  if (!output_format.isOk())
    return config.fault("output_format",
                        "invalid output format [" + output + "]: " + std::string(output_format.status().message()));
  if (zone_name.find("{{") == std::string::npos && !engine::TimeZone::parse(zone_name).isOk())
    return config.fault("timezone", "unknown time zone [" + zone_name + "]");
  return makeProcessor([=, form = output_format.value()](IngestDocument& document, IngestRun&) -> Status {
    GYRE_TRY_ASSIGN(const std::string text, dateText(document, field));
    GYRE_TRY_ASSIGN(const engine::TimeZone zone, engine::TimeZone::parse(document.render(std::string_view(zone_name))));
    GYRE_TRY_ASSIGN(const std::int64_t millis, parseAny(text, formats, zone));
    return document.set(target, JsonTree::text(engine::formatDate(millis, form, zone)));
  });
}

Result<ProcessorPtr> makeDateIndexName(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const std::string prefix, config.textOr("index_name_prefix", ""));
  GYRE_TRY_ASSIGN(const std::string rounding, config.text("date_rounding"));
  GYRE_TRY_ASSIGN(const std::string name_format, config.textOr("index_name_format", "yyyy-MM-dd"));
  GYRE_TRY_ASSIGN(const std::string zone_name, config.textOr("timezone", "UTC"));
  GYRE_TRY_ASSIGN(auto formats, config.optionalTexts("date_formats"));
  GYRE_TRY(checkLocale(config));
  if (formats.empty()) formats = {"yyyy-MM-dd'T'HH:mm:ss.SSSXX", "ISO8601"};
  for (const std::string& format : formats) GYRE_TRY(checkFormat(config, "date_formats", format));
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    GYRE_TRY_ASSIGN(const std::string text, dateText(document, field));
    GYRE_TRY_ASSIGN(const engine::TimeZone zone, engine::TimeZone::parse(zone_name));
    GYRE_TRY_ASSIGN(const std::int64_t millis, parseAny(text, formats, zone));
    const std::string format = document.render(std::string_view(name_format));
    GYRE_TRY_ASSIGN(const engine::DateFormat form, engine::DateFormat::parse(format));
    // Resolved when the document is written, as any name with date math is.
    return document.set(
        "_index",
        JsonTree::text("<" + document.render(std::string_view(prefix)) + "{" + engine::formatDate(millis, form, zone) +
                       "||/" + document.render(std::string_view(rounding)) + "{" + format + "|" + zone.name() + "}}>"));
  });
}

constexpr ProcessorKind kKinds[] = {
    {"date", makeDate},
    {"date_index_name", makeDateIndexName},
};

}  // namespace

std::span<const ProcessorKind> dateProcessors() { return kKinds; }

}  // namespace gyre::dialect
