#include "engine/series/batch_rules.hpp"

#include "engine/series/labels.hpp"

namespace gyre::engine::series {
namespace {

std::string_view typeName(MetricType type) {
  switch (type) {
    case MetricType::kUnknown: return "unknown";
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
    case MetricType::kGaugeHistogram: return "gaugehistogram";
    case MetricType::kSummary: return "summary";
    case MetricType::kInfo: return "info";
    case MetricType::kStateset: return "stateset";
  }
  return "unknown";
}

// The family that a series belongs to: histograms and summaries have series with endings of their own.
std::string_view familyOf(std::string_view name, MetricType type) {
  const bool has_parts =
      type == MetricType::kHistogram || type == MetricType::kGaugeHistogram || type == MetricType::kSummary;
  if (!has_parts) return name;
  for (const std::string_view ending : {"_bucket", "_count", "_sum", "_gcount", "_gsum"})
    if (name.size() > ending.size() && name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  return name;
}

}  // namespace

std::optional<FamilyDescription> describedFamily(const SampleBatch& batch, std::size_t series) {
  const MetricDescription description = batch.description(series);
  if (description.type == MetricType::kUnknown && description.help.empty() && description.unit.empty())
    return std::nullopt;
  std::string_view name;
  for (const gyre::Label& label : batch.labels(series))
    if (label.name == kMetricName) name = label.value;
  if (name.empty()) return std::nullopt;
  return FamilyDescription{familyOf(name, description.type), typeName(description.type), description.help,
                           description.unit};
}

}  // namespace gyre::engine::series
