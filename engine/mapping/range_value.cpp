#include "engine/mapping/range_value.hpp"

#include <cmath>
#include <limits>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/mapping/number_text.hpp"
#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {

constexpr std::size_t kNumberBytes = 8;

Status illegal(std::string message) {
  return {Code::kInvalidArgument, "illegal_argument_exception", std::move(message)};
}

std::string sortableBytes(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value) ^ 0x8000'0000'0000'0000u;
  std::string bytes(kNumberBytes, '\0');
  for (std::size_t i = 0; i < kNumberBytes; ++i) bytes[i] = static_cast<char>(bits >> (56 - 8 * i) & 0xff);
  return bytes;
}

std::int64_t fromSortableBytes(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (const char byte : bytes) bits = bits << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(bits ^ 0x8000'0000'0000'0000u);
}

struct WholeEnds {
  std::int64_t lowest;
  std::int64_t highest;
};
WholeEnds endsOf(FieldType type) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (type) {
    case FieldType::kInteger:
      return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    case FieldType::kFloat:
    case FieldType::kDouble: return {encodeDouble(-kInfinity), encodeDouble(kInfinity)};
    default: return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  }
}

// The next value of the type up or down; the ends stay.
std::int64_t stepped(FieldType type, std::int64_t value, bool is_up) {
  const WholeEnds ends = endsOf(type);
  if (value == (is_up ? ends.highest : ends.lowest)) return value;
  if (type != FieldType::kFloat) return is_up ? value + 1 : value - 1;
  const float infinity = is_up ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity();
  return encodeFloat(std::nextafterf(static_cast<float>(decodeDouble(value)), infinity));
}

bool isExclusive(RangeEnd end) { return end == RangeEnd::kGreater || end == RangeEnd::kLess; }
bool isLower(RangeEnd end) { return end == RangeEnd::kGreater || end == RangeEnd::kGreaterOrEqual; }

Result<std::string> addressEnd(RangeEnd end, std::string_view value) {
  auto address = parseIp(value);
  if (!address) return illegal("'" + std::string(utf16Prefix(value, 100)) + "' is not an IP string literal.");
  if (!isExclusive(end)) return std::move(*address);
  auto next = isLower(end) ? nextIp(*address) : previousIp(*address);
  return next.value_or(std::move(*address));
}

}  // namespace

NumberEnds numberEndsOf(std::string_view term) {
  return {fromSortableBytes(term.substr(0, kNumberBytes)), fromSortableBytes(term.substr(kNumberBytes))};
}

RangeBounds wholeRange(const Field& field) {
  if (field.range_of == FieldType::kIp) return {std::string(kIpBytes, '\0'), std::string(kIpBytes, '\xff')};
  const WholeEnds ends = endsOf(field.range_of);
  return {sortableBytes(ends.lowest), sortableBytes(ends.highest)};
}

Status narrowRange(const Field& field, RangeEnd end, std::string_view value, const DateFormat& format,
                   const TimeZone& zone, std::int64_t now_millis, RangeBounds& bounds) {
  std::string& bound = isLower(end) ? bounds.lowest : bounds.highest;
  if (field.range_of == FieldType::kIp) {
    GYRE_TRY_ASSIGN(bound, addressEnd(end, value));
    return {};
  }
  std::int64_t number = 0;
  if (field.range_of == FieldType::kDate) {
    const RoundUp round = end == RangeEnd::kGreater || end == RangeEnd::kLessOrEqual ? RoundUp::kYes : RoundUp::kNo;
    auto instant = parseDateMath(value, format, round, zone, now_millis);
    if (!instant.isOk())
      return illegal("failed to parse date field [" + std::string(utf16Prefix(value, 100)) + "] with format [" +
                     std::string(format.name()) + "]");
    number = *instant;
  } else {
    Field ends;
    ends.type = field.range_of;
    const EncodedNumber parsed = encodeNumber(ends, value);
    if (parsed.fault == NumberFault::kNotANumber)
      return {Code::kInvalidArgument, "number_format_exception",
              "For input string: \"" + std::string(utf16Prefix(value, 100)) + "\""};
    if (parsed.fault == NumberFault::kOutOfRange)
      return illegal("Value [" + std::string(utf16Prefix(value, 100)) + "] is out of range");
    number = parsed.value;
  }
  if (isExclusive(end)) number = stepped(field.range_of, number, isLower(end));
  bound = sortableBytes(number);
  return {};
}

Result<std::string> rangeTermOf(const Field& field, json::Value value, const DateFormat& format) {
  if (field.range_of == FieldType::kIp && value.isString()) {
    const auto block = parseIpBlock(value.string());
    if (!block) return illegal("Expected [ip/prefix] but was [" + std::string(utf16Prefix(value.string(), 100)) + "]");
    return block->first + block->last;
  }
  if (!value.isObject())
    return Status(Code::kInvalidArgument, "mapper_parsing_exception",
                  "error parsing field [" + field.path + "], expected an object but got " + field.name);
  RangeBounds bounds = wholeRange(field);
  for (const json::Value end : value) {
    RangeEnd kind = RangeEnd::kGreater;
    if (end.key() == "gte") {
      kind = RangeEnd::kGreaterOrEqual;
    } else if (end.key() == "lt") {
      kind = RangeEnd::kLess;
    } else if (end.key() == "lte") {
      kind = RangeEnd::kLessOrEqual;
    } else if (end.key() != "gt") {
      return Status(Code::kInvalidArgument, "mapper_parsing_exception",
                    "error parsing field [" + field.path + "], with unknown parameter [" +
                        std::string(utf16Prefix(end.key(), 100)) + "]");
    }
    if (end.isNull()) continue;
    if (!end.isString() && !end.isNumber())
      return illegal("error parsing field [" + field.path + "], expected a value for [" + std::string(end.key()) + "]");
    if (end.isString() && !field.is_coerced && field.range_of != FieldType::kDate && field.range_of != FieldType::kIp)
      return illegal("value passed as String");
    const std::string_view text = end.isString() ? end.string() : end.raw();
    GYRE_TRY(narrowRange(field, kind, text, format, {}, 0, bounds));
  }
  if (bounds.lowest > bounds.highest)
    return illegal("min value is greater than max value for field [" + field.path + "]");
  return bounds.lowest + bounds.highest;
}

bool isRelated(std::string_view term, const RangeBounds& asked, RangeRelation relation) {
  const std::string_view lowest = term.substr(0, term.size() / 2);
  const std::string_view highest = term.substr(term.size() / 2);
  switch (relation) {
    case RangeRelation::kIntersects: return lowest <= asked.highest && highest >= asked.lowest;
    case RangeRelation::kContains: return lowest <= asked.lowest && highest >= asked.highest;
    case RangeRelation::kWithin: return lowest >= asked.lowest && highest <= asked.highest;
  }
  return false;
}

}  // namespace gyre::engine
