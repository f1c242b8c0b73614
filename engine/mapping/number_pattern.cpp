#include "engine/mapping/number_pattern.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gyre::engine {

namespace {
constexpr std::uint32_t kMostDigits = 340;  // as many as a double can have on either side
}  // namespace

Result<NumberPattern> NumberPattern::parse(std::string_view pattern) {
  const auto refused = [&] {
    return Status(Code::kInvalidArgument, "illegal_argument_exception",
                  "Malformed pattern \"" + std::string(pattern) + "\"");
  };
  NumberPattern made;
  enum class Part { kPrefix, kWhole, kFraction, kExponent, kSuffix } part = Part::kPrefix;
  bool has_zero = false;
  bool has_group = false;
  bool has_digit = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\'') {
      const std::size_t end = pattern.find('\'', i + 1);
      if (end == std::string_view::npos) return refused();
      if (part != Part::kPrefix) part = Part::kSuffix;
      std::string& text = part == Part::kPrefix ? made.prefix_ : made.suffix_;
      text += end == i + 1 ? std::string("'") : std::string(pattern.substr(i + 1, end - i - 1));
      i = end;
    } else if (c == ';') {
      return refused();  // a pattern of its own for negative numbers
    } else if (c == '#' || c == '0' || c == ',' || c == '.') {
      if (part == Part::kSuffix || part == Part::kExponent) return refused();
      if (part == Part::kPrefix) part = Part::kWhole;
      if (c == '.') {
        if (part == Part::kFraction) return refused();
        part = Part::kFraction;
        has_zero = false;
      } else if (c == ',') {
        if (part == Part::kFraction) return refused();
        has_group = true;
        made.group_ = 0;
      } else if (part == Part::kWhole) {
        if (c == '#' && has_zero) return refused();
        has_zero = has_zero || c == '0';
        has_digit = true;
        if (c == '0') ++made.least_whole_;
        if (has_group) ++made.group_;
      } else {
        if (c == '0' && made.most_fraction_ > made.least_fraction_) return refused();
        has_digit = true;
        ++made.most_fraction_;
        if (c == '0') ++made.least_fraction_;
      }
    } else if (c == 'E' && part != Part::kPrefix && part != Part::kSuffix && part != Part::kExponent) {
      part = Part::kExponent;
      while (i + 1 < pattern.size() && pattern[i + 1] == '0') ++made.exponent_digits_, ++i;
      if (made.exponent_digits_ == 0) return refused();
    } else {
      if (part != Part::kPrefix) part = Part::kSuffix;
      if (c == '%') made.scale_ = 100;
      (part == Part::kPrefix ? made.prefix_ : made.suffix_) += c;
    }
  }
  if (!has_digit || made.least_whole_ > kMostDigits || made.most_fraction_ > kMostDigits) return refused();
  // Only one digit before the point is offered with an exponent, and no groups.
  if (made.exponent_digits_ > 0 && (made.least_whole_ != 1 || has_group)) return refused();
  if (made.least_whole_ == 0 && made.most_fraction_ == 0) made.least_whole_ = 1;
  return made;
}

// `digits` as printf writes them: whole, and perhaps a point and most_fraction_ digits.
std::string NumberPattern::place(std::string_view digits, bool is_negative) const {
  const std::size_t point = std::min(digits.find('.'), digits.size());
  std::string whole(digits.substr(0, point));
  std::string fraction(digits.substr(std::min(point + 1, digits.size())));
  while (fraction.size() > least_fraction_ && fraction.back() == '0') fraction.pop_back();
  if (whole == "0" && least_whole_ == 0 && !fraction.empty()) whole.clear();
  if (whole.size() < least_whole_) whole.insert(0, least_whole_ - whole.size(), '0');
  if (group_ > 0)
    for (std::size_t at = whole.size(); at > group_; at -= group_) whole.insert(at - group_, 1, ',');
  std::string out = is_negative ? "-" : "";
  out += prefix_ + whole;
  if (!fraction.empty()) out += "." + fraction;
  return out;
}

std::string NumberPattern::format(double value) const {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return (value < 0 ? "-" : "") + prefix_ + "\u221e" + suffix_;
  value *= scale_;
  const bool is_negative = std::signbit(value);
  const double size = std::fabs(value);
  char text[2 * kMostDigits + 32];
  if (exponent_digits_ == 0) {
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(most_fraction_), size);
    return place(text, is_negative) + suffix_;
  }
  std::snprintf(text, sizeof text, "%.*e", static_cast<int>(most_fraction_), size);
  const std::string_view written(text);
  const std::size_t e = written.find('e');
  std::string exponent(written.substr(e + 1));
  const bool is_small = exponent.front() == '-';
  exponent.erase(0, 1);
  while (exponent.size() > exponent_digits_ && exponent.front() == '0') exponent.erase(0, 1);
  return place(written.substr(0, e), is_negative) + "E" + (is_small ? "-" : "") + exponent + suffix_;
}

std::string NumberPattern::format(std::int64_t value) const {
  if (scale_ != 1 || exponent_digits_ > 0) return format(static_cast<double>(value));
  const bool is_negative = value < 0;
  std::string digits = std::to_string(value).substr(is_negative ? 1 : 0);
  if (most_fraction_ > 0) digits += "." + std::string(most_fraction_, '0');
  return place(digits, is_negative) + suffix_;
}

}  // namespace gyre::engine
