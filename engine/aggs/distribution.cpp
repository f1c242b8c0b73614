#include "engine/aggs/distribution.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "engine/aggs/aggregation.hpp"

namespace gyre::engine {

namespace {
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kBounds[] = {"upper",          "lower",         "upper_population", "lower_population",
                                        "upper_sampling", "lower_sampling"};
constexpr std::string_view kSpreads[] = {"variance",      "variance_population",      "variance_sampling",
                                         "std_deviation", "std_deviation_population", "std_deviation_sampling"};
}  // namespace

double Distribution::variance(bool is_sample) const {
  if (count == 0) return kNone;
  const auto n = static_cast<double>(count);
  // Rounding may leave less than nothing.
  const double above = std::fmax(0, sum_of_squares - sum * sum / n);
  if (std::isnan(sum_of_squares - sum * sum / n)) return kNone;
  return is_sample ? (count == 1 ? kNone : above / (n - 1)) : above / n;
}

double Distribution::deviation(bool is_sample) const { return std::sqrt(variance(is_sample)); }

double Distribution::bound(bool is_upper, bool is_sample) const {
  if (count == 0) return kNone;
  const double distance = deviation(is_sample) * sigma;
  const double average = sum / static_cast<double>(count);
  return is_upper ? average + distance : average - distance;
}

std::optional<double> Distribution::value(std::string_view name) const {
  const bool is_sample = name.ends_with("_sampling");
  for (const std::string_view known : kSpreads)
    if (name == known) return name.starts_with("variance") ? variance(is_sample) : deviation(is_sample);
  if (name == "sum_of_squares") return sum_of_squares;
  if (name.starts_with("std_"))
    for (const std::string_view known : kBounds)
      if (name.substr(4) == known) return bound(known.starts_with("upper"), is_sample);
  return std::nullopt;
}

namespace {
// A figure of a sample of one is no number, and written as a text that says so; figures of nothing are null.
void writeFigure(double value, bool is_empty, JsonWriter& writer) {
  if (std::isnan(value) && !is_empty)
    writer.string("NaN");
  else
    writeDouble(value, writer);
}
}  // namespace

void writeDistribution(const Distribution& distribution, const NumberText& text, bool is_bare, JsonWriter& writer) {
  const bool is_empty = distribution.count == 0;
  writeDouble(is_empty ? kNone : distribution.sum_of_squares, writer.key("sum_of_squares"));
  for (const std::string_view name : kSpreads) writeFigure(*distribution.value(name), is_empty, writer.key(name));
  writer.key("std_deviation_bounds").beginObject();
  const auto bound = [&](std::string_view name) {
    return distribution.bound(name.starts_with("upper"), name.ends_with("_sampling"));
  };
  for (const std::string_view name : kBounds) writeFigure(bound(name), is_empty, writer.key(name));
  writer.endObject();
  if (is_empty || !text) return;
  const auto writeText = [&](std::string_view name, double value) {
    const std::string shown = text(value);
    writer.key(std::string(name) + "_as_string");
    if (is_bare && !name.starts_with("std_deviation") && (std::isfinite(value) || shown == "true")) {
      writer.raw(shown);
    } else {
      writer.string(shown);
    }
  };
  writeText("sum_of_squares", distribution.sum_of_squares);
  for (const std::string_view name : kSpreads) writeText(name, *distribution.value(name));
  writer.key("std_deviation_bounds_as_string").beginObject();
  for (const std::string_view name : kBounds) writer.member(name, text(bound(name)));
  writer.endObject();
}

}  // namespace gyre::engine
