#include <charconv>
#include <cmath>
#include <limits>

#include "engine/mapping/numeric_value.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

constexpr NumberBounds kNothing{1, 0};

// long double holds every int64 and the product of a double with a factor to far below the last decimal.
using Wide = long double;

std::optional<Wide> readNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Wide value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size() || std::isnan(value)) return std::nullopt;
  if (error == std::errc::result_out_of_range)
    return text.starts_with('-') ? -std::numeric_limits<Wide>::infinity() : std::numeric_limits<Wide>::infinity();
  if (error != std::errc()) return std::nullopt;
  return value;
}

Status notANumber(std::string_view value) {
  return queryShardException("For input string: \"" + std::string(value) + "\"");
}

// What the dialect takes no value beyond: small whole numbers are read as integers, and ends of ranges of reals may lie
// anywhere.
Status checkRange(FieldType type, Wide value, std::string_view text) {
  switch (type) {
    case FieldType::kByte:
    case FieldType::kShort:
    case FieldType::kInteger:
      if (value >= static_cast<Wide>(INT32_MIN) && value <= static_cast<Wide>(INT32_MAX)) return {};
      return queryShardException("Value [" + std::string(text) + "] is out of range for an integer");
    case FieldType::kLong:
      if (value >= static_cast<Wide>(INT64_MIN) && value <= static_cast<Wide>(INT64_MAX)) return {};
      return queryShardException("Value [" + std::string(text) + "] is out of range for a long");
    case FieldType::kFloat:
      if (std::isfinite(static_cast<float>(value))) return {};
      return queryShardException("[float] supports only finite values, but got [" + std::string(text) + "]");
    default: return {};
  }
}

// Of values that doubles hold; the ends of a range of doubles may lie anywhere.
Status checkFinite(const Field& field, Wide value, std::string_view text) {
  if (std::isfinite(static_cast<double>(value))) return {};
  return queryShardException("[" + std::string(typeName(field.type)) + "] supports only finite values, but got [" +
                             std::string(text) + "]");
}

struct WholeLimits {
  Wide lowest;
  Wide highest;
};
WholeLimits limitsOf(FieldType type) {
  const auto of = [](auto zero) {
    using Whole = decltype(zero);
    return WholeLimits{static_cast<Wide>(std::numeric_limits<Whole>::min()),
                       static_cast<Wide>(std::numeric_limits<Whole>::max())};
  };
  switch (type) {
    case FieldType::kInteger: return of(std::int32_t{});
    case FieldType::kShort: return of(std::int16_t{});
    case FieldType::kByte: return of(std::int8_t{});
    case FieldType::kUnsignedLong: return of(std::uint64_t{});
    default: return of(std::int64_t{});
  }
}

// The value on the field's whole-number scale; a decimal that only the binary form made inexact snaps to its whole
// number.
Wide onScale(const Field& field, Wide value) {
  if (field.type != FieldType::kScaledFloat) return value;
  const Wide scaled = value * static_cast<Wide>(field.scaling_factor);
  const Wide nearest = std::round(scaled);
  return std::fabs(scaled - nearest) <= 1e-15L * std::fmax(1.0L, std::fabs(scaled)) ? nearest : scaled;
}

// As the field keeps the whole number. REQUIRES for kUnsignedLong: within its limits.
std::int64_t encodeWhole(const Field& field, Wide value) {
  if (field.type == FieldType::kUnsignedLong) return encodeUnsigned(static_cast<std::uint64_t>(value));
  if (value >= static_cast<Wide>(INT64_MAX)) return INT64_MAX;
  if (value <= static_cast<Wide>(INT64_MIN)) return INT64_MIN;
  return static_cast<std::int64_t>(value);
}

// Of the types that refuse what they cannot hold, where others know that nothing equals it.
Status checkLimits(const Field& field, Wide number, std::string_view text) {
  const WholeLimits limits = limitsOf(field.type);
  if (field.type != FieldType::kUnsignedLong || (number >= limits.lowest && number <= limits.highest)) return {};
  return queryShardException("Value [" + std::string(text) + "] is out of range for an unsigned long");
}

// Exclusive ends: one further, or nothing beyond the last value.
void raiseLowest(NumberBounds& bounds, std::int64_t value, bool is_included) {
  if (!is_included && value == INT64_MAX) {
    bounds = kNothing;
    return;
  }
  bounds.lowest = std::max(bounds.lowest, is_included ? value : value + 1);
}
void lowerHighest(NumberBounds& bounds, std::int64_t value, bool is_included) {
  if (!is_included && value == INT64_MIN) {
    bounds = kNothing;
    return;
  }
  bounds.highest = std::min(bounds.highest, is_included ? value : value - 1);
}

Result<bool> readBoolean(std::string_view value) {
  if (value == "true") return true;
  if (value == "false" || value.empty()) return false;
  return queryShardException("Can't parse boolean value [" + std::string(value) + "], expected [true] or [false]");
}

std::int64_t encodeReal(FieldType type, Wide value) {
  return type == FieldType::kFloat ? encodeFloat(static_cast<float>(value)) : encodeDouble(static_cast<double>(value));
}

void applyWholeEnd(const Field& field, RangeEnd end, Wide value, NumberBounds& bounds) {
  const Wide scaled = onScale(field, value);
  const WholeLimits limits = limitsOf(field.type);
  const bool is_lower_end = end == RangeEnd::kGreater || end == RangeEnd::kGreaterOrEqual;
  if (is_lower_end ? scaled > limits.highest : scaled < limits.lowest) {
    bounds = kNothing;
    return;
  }
  if (is_lower_end ? scaled < limits.lowest : scaled > limits.highest) return;
  // A fraction rounds inwards, and is then included.
  const Wide inner = is_lower_end ? std::ceil(scaled) : std::floor(scaled);
  const bool is_included = inner != scaled || end == RangeEnd::kGreaterOrEqual || end == RangeEnd::kLessOrEqual;
  if (is_lower_end) {
    raiseLowest(bounds, encodeWhole(field, inner), is_included);
  } else {
    lowerHighest(bounds, encodeWhole(field, inner), is_included);
  }
}

Result<std::int64_t> readInstant(const Field& field, std::string_view value, RoundUp round,
                                 const DateReading& reading) {
  auto instant = parseInstantMath(value, reading.format, round, reading.zone, reading.now_millis);
  if (!instant.isOk())
    return Status(Code::kInvalidArgument, "parse_exception",
                  std::string(instant.status().message()) + " for field [" + field.path + "]");
  return field.type == FieldType::kDateNanos ? toNanos(*instant) : instant->millis;
}

Status applyDateEnd(const Field& field, RangeEnd end, std::string_view value, const DateReading& reading,
                    NumberBounds& bounds) {
  // gt and lte mean the last instant that the text covers, gte and lt the first.
  const RoundUp round = end == RangeEnd::kGreater || end == RangeEnd::kLessOrEqual ? RoundUp::kYes : RoundUp::kNo;
  GYRE_TRY_ASSIGN(const std::int64_t instant, readInstant(field, value, round, reading));
  switch (end) {
    case RangeEnd::kGreater: raiseLowest(bounds, instant, false); break;
    case RangeEnd::kGreaterOrEqual: raiseLowest(bounds, instant, true); break;
    case RangeEnd::kLess: lowerHighest(bounds, instant, false); break;
    case RangeEnd::kLessOrEqual: lowerHighest(bounds, instant, true); break;
  }
  return {};
}

}  // namespace

Result<NumberBounds> boundsOfValue(const Field& field, std::string_view value, std::int64_t now_millis) {
  if (isDate(field.type)) {
    GYRE_TRY_ASSIGN(const DateFormat format, DateFormat::parse(field.format));
    const TimeZone zone;
    const DateReading reading{format, zone, now_millis};
    NumberBounds bounds;
    GYRE_TRY(applyDateEnd(field, RangeEnd::kGreaterOrEqual, value, reading, bounds));
    GYRE_TRY(applyDateEnd(field, RangeEnd::kLessOrEqual, value, reading, bounds));
    return bounds;
  }
  if (field.type == FieldType::kBoolean) {
    GYRE_TRY_ASSIGN(const bool truth, readBoolean(value));
    return NumberBounds{truth ? 1 : 0, truth ? 1 : 0};
  }
  const auto number = readNumber(value);
  const bool is_whole = !isFloating(field.type) && field.type != FieldType::kScaledFloat;
  // No whole number is infinite or no number, which is no fault to ask for; what is merely too large is one.
  if (is_whole && (value == "NaN" || (number && !std::isfinite(static_cast<double>(*number))))) return kNothing;
  if (!number) return notANumber(value);
  GYRE_TRY(checkRange(field.type, *number, value));
  if (field.type == FieldType::kDouble) GYRE_TRY(checkFinite(field, *number, value));
  if (isFloating(field.type)) {
    const std::int64_t encoded = encodeReal(field.type, *number);
    return NumberBounds{encoded, encoded};
  }
  // Decimals meet the nearest that the field can hold.
  const bool is_decimal = field.type == FieldType::kScaledFloat;
  if (is_decimal) GYRE_TRY(checkFinite(field, *number, value));
  const Wide scaled = is_decimal ? std::floor(onScale(field, *number) + 0.5L) : onScale(field, *number);
  const WholeLimits limits = limitsOf(field.type);
  if (scaled != std::floor(scaled)) return kNothing;
  GYRE_TRY(checkLimits(field, scaled, value));
  if (scaled < limits.lowest || scaled > limits.highest) return kNothing;
  const std::int64_t whole = encodeWhole(field, scaled);
  return NumberBounds{whole, whole};
}

Status applyRangeEnd(const Field& field, RangeEnd end, std::string_view value, const DateReading& reading,
                     NumberBounds& bounds) {
  if (isDate(field.type)) return applyDateEnd(field, end, value, reading, bounds);
  if (field.type == FieldType::kBoolean) {
    GYRE_TRY_ASSIGN(const bool truth, readBoolean(value));
    applyWholeEnd(field, end, truth ? 1 : 0, bounds);
    return {};
  }
  const auto number = readNumber(value);
  if (!number) return notANumber(value);
  GYRE_TRY(checkRange(field.type, *number, value));
  if (field.type == FieldType::kScaledFloat) GYRE_TRY(checkFinite(field, *number, value));
  if (!isFloating(field.type)) {
    GYRE_TRY(checkLimits(field, *number, value));
    applyWholeEnd(field, end, *number, bounds);
    return {};
  }
  const std::int64_t encoded = encodeReal(field.type, *number);
  switch (end) {
    case RangeEnd::kGreater:
      // The next float, not the next double, which a float column never holds anyway.
      raiseLowest(bounds, encoded, false);
      break;
    case RangeEnd::kGreaterOrEqual: raiseLowest(bounds, encoded, true); break;
    case RangeEnd::kLess: lowerHighest(bounds, encoded, false); break;
    case RangeEnd::kLessOrEqual: lowerHighest(bounds, encoded, true); break;
  }
  return {};
}

std::string_view typeName(FieldType type) {
  switch (type) {
    case FieldType::kObject: return "object";
    case FieldType::kKeyword: return "keyword";
    case FieldType::kText: return "text";
    case FieldType::kCompletion: return "completion";
    case FieldType::kDate: return "date";
    case FieldType::kBoolean: return "boolean";
    case FieldType::kLong: return "long";
    case FieldType::kInteger: return "integer";
    case FieldType::kShort: return "short";
    case FieldType::kByte: return "byte";
    case FieldType::kDouble: return "double";
    case FieldType::kFloat: return "float";
    case FieldType::kScaledFloat: return "scaled_float";
    case FieldType::kUnsignedLong: return "unsigned_long";
    case FieldType::kDateNanos: return "date_nanos";
    case FieldType::kIp: return "ip";
    case FieldType::kRange: return "range";
    case FieldType::kBinary: return "binary";
    case FieldType::kFlatObject: return "flat_object";
    case FieldType::kAlias: return "alias";
  }
  return "unknown";
}

}  // namespace gyre::engine
