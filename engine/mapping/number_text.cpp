#include "engine/mapping/number_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// A decimal's parts: ±digits·10^exponent, where `digits` still holds the point.
struct Decimal {
  bool is_negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;
};

std::size_t countDigits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && isDigit(text[count])) ++count;
  return count;
}

std::string_view takeDigits(std::string_view& text) {
  const std::string_view digits = text.substr(0, countDigits(text));
  text.remove_prefix(digits.size());
  return digits;
}

bool takeAny(std::string_view& text, std::string_view of) {
  if (text.empty() || of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Decimal> splitDecimal(std::string_view text) {
  Decimal d;
  d.is_negative = text.starts_with('-');
  takeAny(text, "+-");
  d.whole = takeDigits(text);
  if (takeAny(text, ".")) d.fraction = takeDigits(text);
  if (d.whole.empty() && d.fraction.empty()) return std::nullopt;
  if (takeAny(text, "eE")) {
    const bool is_down = text.starts_with('-');
    takeAny(text, "+-");
    const std::string_view digits = takeDigits(text);
    if (digits.empty()) return std::nullopt;
    // Past a billion it makes no difference: the number is 0 or too large.
    for (const char c : digits) d.exponent = std::min<std::int64_t>(d.exponent * 10 + (c - '0'), 1'000'000'000);
    if (is_down) d.exponent = -d.exponent;
  }
  if (!text.empty()) return std::nullopt;
  return d;
}

EncodedNumber cutToWhole(const Decimal& d, std::int64_t least, std::int64_t most) {
  const auto digit_count = static_cast<std::int64_t>(d.whole.size() + d.fraction.size());
  const std::int64_t point = static_cast<std::int64_t>(d.whole.size()) + d.exponent;
  std::uint64_t magnitude = 0;
  for (std::int64_t i = 0; i < point; ++i) {
    if (i >= digit_count && magnitude == 0) break;  // only zeros: "0e999999999" must not take a billion steps
    const auto at = static_cast<std::size_t>(i);
    const char c = at < d.whole.size() ? d.whole[at] : i < digit_count ? d.fraction[at - d.whole.size()] : '0';
    if (__builtin_mul_overflow(magnitude, 10u, &magnitude) ||
        __builtin_add_overflow(magnitude, static_cast<unsigned>(c - '0'), &magnitude))
      return {0, NumberFault::kOutOfRange};
  }
  constexpr auto kTop = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > kTop + (d.is_negative ? 1 : 0)) return {0, NumberFault::kOutOfRange};
  const auto value = static_cast<std::int64_t>(d.is_negative ? 0 - magnitude : magnitude);
  if (value < least || value > most) return {0, NumberFault::kOutOfRange};
  return {value, NumberFault::kNone};
}

EncodedNumber parseWhole(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size())
    return {value, value < least || value > most ? NumberFault::kOutOfRange : NumberFault::kNone};
  const auto decimal = splitDecimal(text);
  if (!decimal) return {0, NumberFault::kNotANumber};
  return cutToWhole(*decimal, least, most);
}

// from_chars says "out of range" for what is too small as well; that is zero or nearly so, and no fault.
template <class Real>
std::optional<Real> parseOutOfRange(const std::string& text) {
  const double value = std::strtod(text.c_str(), nullptr);
  if (std::abs(value) >= 1) return std::nullopt;
  return static_cast<Real>(value);
}

template <class Real>
struct ParsedReal {
  Real value = 0;
  NumberFault fault = NumberFault::kNone;
};

template <class Real>
ParsedReal<Real> parseReal(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  // Keeps out "nan" and "inf", which are no decimals.
  if (first >= text.size() || !(isDigit(text[first]) || text[first] == '.')) return {0, NumberFault::kNotANumber};
  Real value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return {0, NumberFault::kNotANumber};
  if (error == std::errc::result_out_of_range) {
    const auto tiny = parseOutOfRange<Real>(std::string(text));
    if (!tiny) return {0, NumberFault::kOutOfRange};
    value = *tiny;
  }
  if (!std::isfinite(value)) return {0, NumberFault::kOutOfRange};
  return {value, NumberFault::kNone};
}

// The nearest value of 11 significant bits, ties to even; too large is a fault, too small goes to 0.
ParsedReal<float> toHalf(ParsedReal<float> parsed) {
  if (parsed.fault != NumberFault::kNone || parsed.value == 0) return parsed;
  constexpr float kLargest = 65'504;
  constexpr int kLeastExponent = -14;
  int exponent = 0;
  std::frexp(parsed.value, &exponent);
  const int step = std::max(exponent - 1, kLeastExponent) - 10;
  parsed.value = std::ldexp(std::nearbyint(std::ldexp(parsed.value, -step)), step);
  if (std::fabs(parsed.value) > kLargest) parsed.fault = NumberFault::kOutOfRange;
  return parsed;
}

// 0 to 2^64 - 1; kept with the top bit inverted.
EncodedNumber parseUnsigned(std::string_view text) {
  const auto decimal = splitDecimal(text);
  if (!decimal) return {0, NumberFault::kNotANumber};
  std::uint64_t value = 0;
  const auto digit_count = static_cast<std::int64_t>(decimal->whole.size() + decimal->fraction.size());
  const std::int64_t point = static_cast<std::int64_t>(decimal->whole.size()) + decimal->exponent;
  for (std::int64_t i = 0; i < point; ++i) {
    if (i >= digit_count && value == 0) break;
    const auto at = static_cast<std::size_t>(i);
    const char c = at < decimal->whole.size() ? decimal->whole[at]
                   : i < digit_count          ? decimal->fraction[at - decimal->whole.size()]
                                              : '0';
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
        __builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value))
      return {0, NumberFault::kOutOfRange};
  }
  if (decimal->is_negative && value != 0) return {0, NumberFault::kOutOfRange};
  return {encodeUnsigned(value), NumberFault::kNone};
}

}  // namespace

std::optional<std::int64_t> roundHalfUp(double value) {
  // Not floor(value + 0.5): the sum would round 0.49999999999999994 up. The difference below is exact.
  const double below = std::floor(value);
  const double rounded = value - below >= 0.5 ? below + 1 : below;
  if (!(rounded >= -0x1p63 && rounded < 0x1p63)) return std::nullopt;
  return static_cast<std::int64_t>(rounded);
}

EncodedNumber encodeNumber(const Field& field, std::string_view text) {
  switch (field.type) {
    case FieldType::kByte: return parseWhole(text, -128, 127);
    case FieldType::kShort: return parseWhole(text, -32'768, 32'767);
    case FieldType::kInteger:
      return parseWhole(text, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
    case FieldType::kFloat: {
      const auto parsed = field.is_half ? toHalf(parseReal<float>(text)) : parseReal<float>(text);
      return {encodeFloat(parsed.value), parsed.fault};
    }
    case FieldType::kDouble: {
      const auto parsed = parseReal<double>(text);
      return {encodeDouble(parsed.value), parsed.fault};
    }
    case FieldType::kScaledFloat: {
      const auto parsed = parseReal<double>(text);
      if (parsed.fault != NumberFault::kNone) return {0, parsed.fault};
      const auto scaled = roundHalfUp(parsed.value * field.scaling_factor);
      return {scaled.value_or(0), scaled ? NumberFault::kNone : NumberFault::kOutOfRange};
    }
    case FieldType::kUnsignedLong: return parseUnsigned(text);
    default:
      return parseWhole(text, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  }
}

}  // namespace gyre::engine
