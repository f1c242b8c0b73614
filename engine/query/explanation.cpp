#include "engine/query/explanation.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include <simdjson.h>

namespace gyre::engine {

namespace {

// Java's notation: plain from a thousandth to ten millions, else a mantissa with a fraction and "E".
template <class Real>
std::string javaText(Real value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  const Real size = std::fabs(value);
  const bool is_plain = size == 0 || (size >= static_cast<Real>(1e-3) && size < static_cast<Real>(1e7));
  char text[64];
  const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
  std::string shortest(text, std::to_chars(text, text + sizeof text, value, format).ptr);
  const std::size_t exponent = shortest.find('e');
  std::string mantissa = shortest.substr(0, exponent);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  if (exponent == std::string::npos) return mantissa;
  return mantissa + "E" + std::to_string(std::strtol(shortest.c_str() + exponent + 1, nullptr, 10));
}

// JSON as the dialect prints it: "1.0", "3.4028235e+38" being left to the shortest form.
std::string jsonText(const Explanation& explanation) {
  char text[64];
  if (explanation.is_whole)
    return {text, std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(explanation.value)).ptr};
  if (!std::isfinite(explanation.value)) return "null";
  std::string shortest(text, explanation.is_double
                                 ? std::to_chars(text, text + sizeof text, explanation.value).ptr
                                 : std::to_chars(text, text + sizeof text, static_cast<float>(explanation.value)).ptr);
  if (shortest.find_first_of(".e") == std::string::npos) shortest += ".0";
  return shortest;
}

}  // namespace

void writeExplanation(const Explanation& explanation, JsonWriter& writer) {
  writer.beginObject();
  writer.key("value").raw(jsonText(explanation));
  writer.member("description", explanation.description);
  writer.key("details").beginArray();
  for (const Explanation& detail : explanation.details) writeExplanation(detail, writer);
  writer.endArray().endObject();
}

std::string describeFloat(float value) { return javaText(value); }
std::string describeDouble(double value) { return javaText(value); }

std::string describeTerm(std::string_view term) {
  if (simdjson::validate_utf8(term.data(), term.size())) return std::string(term);
  std::string bytes(1, '[');
  for (const char byte : term) {
    char text[4];
    if (bytes.size() > 1) bytes.push_back(' ');
    bytes.append(text, std::to_chars(text, text + sizeof text, static_cast<unsigned char>(byte), 16).ptr);
  }
  bytes.push_back(']');
  return bytes;
}

}  // namespace gyre::engine
