#include "engine/aggs/decimal_format.hpp"

#include <cmath>
#include <cstdio>

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// What stands before or after the digits, quotes resolved.
struct Literal {
  std::string text;
  double multiplier = 1;
};

bool isDigitSymbol(char c) { return c == '#' || c == '0' || c == ',' || c == '.'; }

Literal readLiteral(std::string_view pattern, std::size_t& at) {
  Literal literal;
  while (at < pattern.size() && !isDigitSymbol(pattern[at]) && pattern[at] != ';') {
    if (pattern[at] == '\'') {
      const std::size_t end = pattern.find('\'', at + 1);
      if (end == at + 1) {
        literal.text += '\'';
      } else {
        literal.text += pattern.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
      }
      at = end == std::string_view::npos ? pattern.size() : end + 1;
      continue;
    }
    if (pattern[at] == '%') literal.multiplier = 100;
    literal.text += pattern[at++];
  }
  return literal;
}

}  // namespace

Result<DecimalFormat> DecimalFormat::parse(std::string_view pattern) {
  const auto malformed = [&] { return illegalArgument("Malformed pattern \"" + std::string(pattern) + "\""); };
  DecimalFormat format;
  std::size_t at = 0;
  const Literal before = readLiteral(pattern, at);
  int whole_zeros = 0, fraction_zeros = 0, fraction_hashes = 0;
  bool has_point = false;
  std::size_t last_comma = std::string_view::npos, whole_end = 0;
  for (; at < pattern.size() && isDigitSymbol(pattern[at]); ++at) {
    const char c = pattern[at];
    if (c == '.') {
      if (has_point) return malformed();
      has_point = true;
      continue;
    }
    if (c == ',') {
      if (has_point) return malformed();
      last_comma = at;
    } else if (!has_point) {
      whole_end = at + 1;
      if (c == '#' && whole_zeros > 0) return malformed();
      whole_zeros += c == '0' ? 1 : 0;
    } else if (c == '0') {
      if (fraction_hashes > 0) return malformed();
      ++fraction_zeros;
    } else {
      ++fraction_hashes;
    }
  }
  if (at < pattern.size() && pattern[at] == 'E')
    return illegalArgument("Malformed pattern \"" + std::string(pattern) + "\": exponents are not offered");
  const Literal after = readLiteral(pattern, at);
  format.positive_ = {before.text, after.text};
  format.negative_ = {"-" + before.text, after.text};
  format.multiplier_ = before.multiplier * after.multiplier;
  if (at < pattern.size() && pattern[at] == ';') {
    ++at;
    format.negative_.before = readLiteral(pattern, at).text;
    while (at < pattern.size() && isDigitSymbol(pattern[at])) ++at;
    format.negative_.after = readLiteral(pattern, at).text;
  }
  if (at != pattern.size()) return malformed();
  if (last_comma != std::string_view::npos) {
    if (whole_end <= last_comma) return malformed();
    format.grouping_ = static_cast<int>(whole_end - last_comma - 1);
  }
  format.min_whole_ = whole_zeros;
  format.min_fraction_ = fraction_zeros;
  format.max_fraction_ = fraction_zeros + fraction_hashes;
  // Without any digit asked for, there is one all the same.
  if (!has_point && whole_zeros == 0 && whole_end == 0) {
    if (pattern.find_first_of("#0") != std::string_view::npos) return malformed();
    format.min_whole_ = 1;
    format.max_fraction_ = 0;
  }
  if (has_point && whole_zeros == 0 && format.max_fraction_ == 0) format.min_whole_ = 1;
  return format;
}

std::string DecimalFormat::text(double value) const {
  if (std::isnan(value)) return "NaN";
  const bool is_negative = std::signbit(value);
  const Affixes& affixes = is_negative ? negative_ : positive_;
  const double magnitude = std::fabs(value) * multiplier_;
  if (std::isinf(magnitude)) return affixes.before + "\u221e" + affixes.after;
  char digits[400];
  std::snprintf(digits, sizeof digits, "%.*f", max_fraction_, magnitude);
  std::string whole(digits);
  std::string fraction;
  if (const std::size_t point = whole.find('.'); point != std::string::npos) {
    fraction = whole.substr(point + 1);
    whole.resize(point);
  }
  while (fraction.size() > static_cast<std::size_t>(min_fraction_) && fraction.back() == '0') fraction.pop_back();
  if (whole == "0" && min_whole_ == 0 && !fraction.empty()) whole.clear();
  if (whole.size() < static_cast<std::size_t>(min_whole_))
    whole.insert(0, static_cast<std::size_t>(min_whole_) - whole.size(), '0');
  if (grouping_ > 0)
    for (int i = static_cast<int>(whole.size()) - grouping_; i > 0; i -= grouping_)
      whole.insert(static_cast<std::size_t>(i), 1, ',');
  return affixes.before + whole + (fraction.empty() ? "" : "." + fraction) + affixes.after;
}

}  // namespace gyre::engine
