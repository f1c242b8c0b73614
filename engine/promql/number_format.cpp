#include "engine/promql/number_format.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

namespace gyre::engine::promql {
namespace {

bool appendSpecial(std::string& out, double value) {
  if (std::isnan(value)) {
    out.append("NaN");
  } else if (std::isinf(value)) {
    out.append(value > 0 ? "+Inf" : "-Inf");
  } else {
    return false;
  }
  return true;
}

constexpr double kExact = 9007199254740992.0;  // 2^53: below it the decimal digits are the shortest too

// Most values are whole numbers, and those are much cheaper to write.
bool appendWhole(std::string& out, double value) {
  if (!(std::abs(value) < kExact) || value != std::trunc(value) || (value == 0 && std::signbit(value))) return false;
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(value)).ptr;
  out.append(text, end);
  return true;
}

// What most other values are.
bool appendMiddling(std::string& out, double value) {
  const double size = std::abs(value);
  if (!(size >= 1e-6 && size < kExact)) return false;
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
  out.append(text, end);
  return true;
}

struct Digits {
  char text[32];
  std::size_t size = 0;  // of the digits, without sign and point
  int exponent = 0;      // of the first digit
  bool is_negative = false;
};

Digits shortestDigits(double value) {
  Digits digits;
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  const char* at = text;
  if (*at == '-') {
    digits.is_negative = true;
    ++at;
  }
  for (; at != end && *at != 'e'; ++at)
    if (*at != '.') digits.text[digits.size++] = *at;
  if (at != end) ++at;
  if (at != end && *at == '+') ++at;
  std::from_chars(at, end, digits.exponent);
  return digits;
}

void appendPlain(std::string& out, const Digits& digits) {
  const std::string_view text(digits.text, digits.size);
  if (digits.is_negative) out.append(1, '-');
  if (digits.exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-digits.exponent - 1), '0').append(text);
    return;
  }
  const auto whole = static_cast<std::size_t>(digits.exponent) + 1;
  out.append(text.substr(0, whole));
  if (whole > text.size()) out.append(whole - text.size(), '0');
  if (whole < text.size()) out.append(1, '.').append(text.substr(whole));
}

}  // namespace

void appendDecimal(std::string& out, double value) {
  if (appendSpecial(out, value) || appendWhole(out, value) || appendMiddling(out, value)) return;
  appendPlain(out, shortestDigits(value));
}

void appendValue(std::string& out, double value) {
  if (appendSpecial(out, value) || appendWhole(out, value) || appendMiddling(out, value)) return;
  const Digits digits = shortestDigits(value);
  const double size = std::abs(value);
  if (size == 0 || (size >= 1e-6 && size < 1e21)) return appendPlain(out, digits);
  if (digits.is_negative) out.append(1, '-');
  out.append(1, digits.text[0]);
  if (digits.size > 1) out.append(1, '.').append(digits.text + 1, digits.size - 1);
  out.append(1, 'e').append(1, digits.exponent < 0 ? '-' : '+');
  const int exponent = std::abs(digits.exponent);
  if (exponent < 10) out.append(1, '0');
  out.append(std::to_string(exponent));
}

void appendSeconds(std::string& out, std::int64_t time_ms) {
  std::uint64_t size = static_cast<std::uint64_t>(time_ms);
  if (time_ms < 0) {
    out.append(1, '-');
    size = 0 - size;
  }
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, size / 1000).ptr;
  out.append(text, end);
  const auto fraction = static_cast<unsigned>(size % 1000);
  if (fraction == 0) return;
  out.append(1, '.');
  for (unsigned unit = 100; unit > 0; unit /= 10) out.append(1, static_cast<char>('0' + fraction / unit % 10));
}

}  // namespace gyre::engine::promql
