// What number does this text mean, exactly? Decimals for money: no binary fraction ever touches them.
//
// A Decimal is coefficient / 10^scale with at most 38 digits, of which at most 18 follow the point. It keeps the scale
// it was written with ("1.50" has scale 2 and prints as "1.50"), and compares by value (1.5 == 1.50). Whatever does not
// fit is a Status with the reason "out_of_range", never a wrong number.
//
// THREADS: values.
#pragma once

#include <algorithm>
#include <charconv>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "gyre/excerpt.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre {

__extension__ typedef __int128 Int128;  // ISO C++ has no name for it

enum class Rounding : std::uint8_t {
  kHalfEven,  // to the nearest; a tie to the even digit
  kHalfUp,    // to the nearest; a tie away from zero
  kFloor,     // down, towards minus infinity
  kCeiling,   // up, towards plus infinity
};

class Decimal {
 public:
  static constexpr int kMaxScale = 18;
  static constexpr int kMaxDigits = 38;

  constexpr Decimal() = default;  // 0
  // units / 10^scale. REQUIRES: |units| < 10^38, scale from 0 to 18.
  static constexpr Decimal ofUnits(Int128 units, int scale) { return Decimal(units, scale); }

  // A JSON number without exponent, and nothing around it: "-0.50", "12". No plus sign, no leading zero, no bare point.
  static Result<Decimal> parse(std::string_view text);
  // The same, exponents included, as engines print sums: "1.2345E7".
  static Result<Decimal> parseScientific(std::string_view text);

  Int128 units() const { return units_; }
  int scale() const { return scale_; }
  bool isZero() const { return units_ == 0; }
  bool isNegative() const { return units_ < 0; }

  // By value, whatever the scales.
  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal& other) const { return (*this <=> other) == 0; }

  // The result has the larger of the two scales.
  Result<Decimal> add(const Decimal& other) const;
  Result<Decimal> subtract(const Decimal& other) const;
  // This / divisor, rounded to `digits` after the point (0 to 18). Dividing by zero is out of range.
  Result<Decimal> divide(const Decimal& divisor, int digits, Rounding rounding) const;
  // The same value with exactly `digits` after the point.
  Result<Decimal> rounded(int digits, Rounding rounding) const { return divide(ofUnits(1, 0), digits, rounding); }

  // Exactly `scale` digits after the point; a JSON number.
  std::string toText() const;

  // 10^exponent. REQUIRES: exponent from 0 to 38.
  static constexpr Int128 power(int exponent) {
    Int128 value = 1;
    for (int i = 0; i < exponent; ++i) value *= 10;
    return value;
  }

 private:
  constexpr Decimal(Int128 units, int scale) : units_(units), scale_(scale) {}
  static Result<Decimal> checked(Int128 units, int scale);
  static bool scaleUp(Int128& units, int digits);

  Int128 units_ = 0;
  int scale_ = 0;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

inline Status outOfRange(std::string message) { return {Code::kInvalidArgument, "out_of_range", std::move(message)}; }

// A piece of what was sent, for a message; a cut never parts a UTF-8 character.
inline std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 60;
  const std::string_view shown = excerpt(text, kShown);
  return "\"" + std::string(shown) + (shown.size() < text.size() ? "…\"" : "\"");
}

}  // namespace detail

inline Result<Decimal> Decimal::checked(Int128 units, int scale) {
  const Int128 limit = power(kMaxDigits);
  if (units >= limit || units <= -limit) return detail::outOfRange("the result has more than 38 digits");
  return Decimal(units, scale);
}

// Multiplies by 10^digits; false when the product has no room.
inline bool Decimal::scaleUp(Int128& units, int digits) {
  if (units == 0) return true;
  if (digits > kMaxDigits) return false;
  return !__builtin_mul_overflow(units, power(digits), &units);
}

inline Result<Decimal> Decimal::parse(std::string_view text) {
  if (!json::detail::isNumber(text)) return invalidArgument("expected a decimal number, found " + detail::quoted(text));
  if (text.find_first_of("eE") != std::string_view::npos)
    return invalidArgument("expected a number without an exponent, found " + detail::quoted(text));
  return parseScientific(text);
}

inline Result<Decimal> Decimal::parseScientific(std::string_view text) {
  if (!json::detail::isNumber(text)) return invalidArgument("expected a decimal number, found " + detail::quoted(text));
  const bool is_negative = text.starts_with('-');
  const std::size_t mark = text.find_first_of("eE");
  int exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view digits = text.substr(mark + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), exponent).ec != std::errc() || exponent < -1000 ||
        exponent > 1000)
      return detail::outOfRange("expected a number of reasonable size, found " + detail::quoted(text));
  }
  Int128 units = 0;
  int digits = 0;
  int scale = 0;
  bool is_fraction = false;
  for (const char c : text.substr(0, mark)) {
    if (c == '.') is_fraction = true;
    if (c < '0' || c > '9') continue;
    if (is_fraction) ++scale;
    if (digits == 0 && c == '0') continue;
    if (++digits > kMaxDigits) return detail::outOfRange("expected at most 38 digits, found " + detail::quoted(text));
    units = units * 10 + (c - '0');
  }
  scale -= exponent;
  for (; mark != std::string_view::npos && scale > 0 && units % 10 == 0; --scale) units /= 10;  // 1.50E0 is 1.5
  if (units == 0 && scale > kMaxScale && mark != std::string_view::npos) scale = 0;
  if (scale > kMaxScale)
    return detail::outOfRange("expected at most 18 digits after the point, found " + detail::quoted(text));
  if (scale < 0) {
    if (!scaleUp(units, -scale)) return detail::outOfRange("expected at most 38 digits, found " + detail::quoted(text));
    scale = 0;
  }
  return checked(is_negative ? -units : units, scale);
}

inline std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  // Whole parts first, then the fractions on a common 18 digits: nothing can overflow.
  const Int128 whole = units_ / power(scale_);
  const Int128 other_whole = other.units_ / power(other.scale_);
  if (whole != other_whole) return whole < other_whole ? std::strong_ordering::less : std::strong_ordering::greater;
  const Int128 rest = units_ % power(scale_) * power(kMaxScale - scale_);
  const Int128 other_rest = other.units_ % power(other.scale_) * power(kMaxScale - other.scale_);
  if (rest == other_rest) return std::strong_ordering::equal;
  return rest < other_rest ? std::strong_ordering::less : std::strong_ordering::greater;
}

inline Result<Decimal> Decimal::add(const Decimal& other) const {
  const int scale = std::max(scale_, other.scale_);
  Int128 a = units_;
  Int128 b = other.units_;
  Int128 sum = 0;
  if (!scaleUp(a, scale - scale_) || !scaleUp(b, scale - other.scale_) || __builtin_add_overflow(a, b, &sum))
    return detail::outOfRange("the sum has more than 38 digits");
  return checked(sum, scale);
}

inline Result<Decimal> Decimal::subtract(const Decimal& other) const {
  return add(Decimal(-other.units_, other.scale_));
}

inline Result<Decimal> Decimal::divide(const Decimal& divisor, int digits, Rounding rounding) const {
  if (divisor.units_ == 0) return detail::outOfRange("division by zero");
  Int128 numerator = units_;
  Int128 denominator = divisor.units_;
  const int shift = digits + divisor.scale_ - scale_;
  if (shift >= 0 ? !scaleUp(numerator, shift) : !scaleUp(denominator, -shift))
    return detail::outOfRange("the division needs more than 38 digits");
  Int128 quotient = numerator / denominator;
  const Int128 rest = numerator % denominator;
  if (rest == 0) return checked(quotient, digits);
  const bool is_negative = (rest < 0) != (denominator < 0);
  const Int128 left = rest < 0 ? -rest : rest;
  const Int128 right =
      (denominator < 0 ? -denominator : denominator) - left;  // left against right: below or above half
  bool is_away = false;
  switch (rounding) {
    case Rounding::kHalfEven: is_away = left > right || (left == right && quotient % 2 != 0); break;
    case Rounding::kHalfUp: is_away = left >= right; break;
    case Rounding::kFloor: is_away = is_negative; break;
    case Rounding::kCeiling: is_away = !is_negative; break;
  }
  if (is_away) quotient += is_negative ? -1 : 1;
  return checked(quotient, digits);
}

inline std::string Decimal::toText() const {
  // 40 characters hold any value: 39 digits of 128 bits, or 18 zeros before the first digit; then sign and point.
  char text[48];
  char* at = text + sizeof text;
  Int128 rest = units_ < 0 ? -units_ : units_;
  const auto put = [&](auto& value, int i) {
    if (i == scale_ && scale_ > 0) *--at = '.';
    *--at = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  };
  int i = 0;
  // Dividing 128 bits costs ten times what 64 do, and nearly every amount fits.
  for (; rest > std::numeric_limits<std::int64_t>::max(); ++i) put(rest, i);
  for (auto narrow = static_cast<std::uint64_t>(rest); narrow != 0 || i <= scale_; ++i) put(narrow, i);
  if (units_ < 0) *--at = '-';
  return {at, static_cast<std::size_t>(text + sizeof text - at)};
}

}  // namespace gyre
