#include "engine/aggs/percentile_request.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "engine/aggs/aggregation.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/explanation.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

std::vector<double> defaultPercents() { return {1, 5, 25, 50, 75, 95, 99}; }

std::optional<double> percentOf(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<std::vector<double>> readNumbers(const AggregationRequest& request, json::Value value) {
  std::vector<double> numbers;
  if (!value.isArray())
    return Status(Code::kInvalidArgument, "x_content_parse_exception",
                  "[" + std::string(request.kind) + "] " + std::string(value.key()) +
                      " doesn't support values of type: " + std::string(json::kindName(value.kind())));
  for (const json::Value one : value) {
    const std::optional<double> number = one.isString() ? percentOf(one.string()) : one.real();
    if (!number)
      return Status(Code::kInvalidArgument, "x_content_parse_exception",
                    "[" + std::string(request.kind) + "] failed to parse field [" + std::string(value.key()) +
                        "]: For input string: \"" + std::string(one.isString() ? one.string() : one.raw()) + "\"");
    numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

Status notBuilt(const AggregationRequest& request, std::string why) {
  return causedBy({Code::kInvalidArgument, "x_content_parse_exception",
                   "Failed to build [" + std::string(request.kind) + "] after last required field arrived"},
                  illegalArgument(std::move(why)));
}

Result<std::vector<double>> readPercents(const AggregationRequest& request, json::Value value) {
  GYRE_TRY_ASSIGN(auto percents, readNumbers(request, value));
  if (percents.empty()) return notBuilt(request, "[percents] must not be empty: [" + std::string(request.name) + "]");
  for (const double percent : percents)
    if (!(percent >= 0 && percent <= 100))
      return notBuilt(request, "percent must be in [0,100], got [" + doubleText(percent) + "]: [" +
                                   std::string(request.name) + "]");
  return percents;
}

void writePercentiles(const std::vector<double>& keys, const std::vector<double>& values, bool is_keyed,
                      const NumberText& text, JsonWriter& writer) {
  writer.key("values");
  is_keyed ? writer.beginObject() : writer.beginArray();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool has_text = text && std::isfinite(values[i]);
    if (is_keyed) {
      writeDouble(values[i], writer.key(describeDouble(keys[i])));
      if (has_text) writer.member(describeDouble(keys[i]) + "_as_string", text(values[i]));
      continue;
    }
    writer.beginObject();
    writeDouble(keys[i], writer.key("key"));
    writeDouble(values[i], writer.key("value"));
    if (has_text) writer.member("value_as_string", text(values[i]));
    writer.endObject();
  }
  is_keyed ? writer.endObject() : writer.endArray();
}

}  // namespace gyre::engine
