// sum, avg, min, max, value_count, stats and extended_stats: a few numbers for each bucket.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/distribution.hpp"
#include "engine/aggs/field_totals.hpp"
#include "engine/aggs/percentile_request.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

enum class Metric : std::uint8_t { kSum, kAvg, kMin, kMax, kValueCount, kStats, kExtendedStats };

struct MetricSpec {
  Metric metric = Metric::kSum;
  ValueSource source;
  double sigma = 2;

  bool isStats() const { return metric == Metric::kStats || metric == Metric::kExtendedStats; }
  Totals needs() const {
    switch (metric) {
      case Metric::kSum: return {.sum = true};
      case Metric::kAvg: return {.sum = true, .count = true};
      case Metric::kMin: return {.min = true};
      case Metric::kMax: return {.max = true};
      case Metric::kValueCount: return {.count = true};
      case Metric::kStats: return {.sum = true, .count = true, .min = true, .max = true};
      case Metric::kExtendedStats: return {.sum = true, .count = true, .min = true, .max = true, .squares = true};
    }
    return {};
  }
};

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class MetricAggregator final : public Aggregator {
 public:
  MetricAggregator(const MetricSpec& spec, ValueSource source, const Snapshot& snapshot)
      : spec_(spec), totals_(std::make_shared<FieldTotals>(std::move(source), spec.needs(), snapshot)) {}

  void beginSegment(SegmentRun& run) override { totals_->beginSegment(run); }
  void collect(const DocBlock& block) override { totals_->collect(block); }
  std::size_t memoryBytes() const override { return totals_->memoryBytes(); }

  bool share(Aggregator& other) override {
    auto* const metric = dynamic_cast<MetricAggregator*>(&other);
    if (metric == nullptr || !metric->totals_->readsAs(*totals_)) return false;
    metric->totals_->need(spec_.needs());
    totals_ = metric->totals_;
    return true;
  }

  Status write(std::uint32_t bucket, AggregationOutput& out) override;

  double orderValue(std::uint32_t bucket, std::string_view property) const override {
    const FieldTotals& totals = *totals_;
    const auto is = [&](Metric metric, std::string_view name) {
      return spec_.metric == metric || (spec_.isStats() && property == name);
    };
    if (is(Metric::kSum, "sum")) return totals.sum(bucket);
    if (is(Metric::kValueCount, "count")) return static_cast<double>(totals.count(bucket));
    if (is(Metric::kAvg, "avg")) return average(bucket);
    if (is(Metric::kMin, "min")) return totals.hasValue(bucket) ? totals.min(bucket) : kInfinity;
    if (is(Metric::kMax, "max")) return totals.hasValue(bucket) ? totals.max(bucket) : -kInfinity;
    return spec_.metric == Metric::kExtendedStats ? distribution(bucket).value(property).value_or(kNone) : kNone;
  }

 private:
  double average(std::uint32_t bucket) const { return totals_->count(bucket) == 0 ? kNone : totals_->average(bucket); }
  Distribution distribution(std::uint32_t bucket) const {
    return {totals_->count(bucket), totals_->sum(bucket), totals_->squares(bucket), spec_.sigma};
  }
  // Dates, booleans and formatted numbers are also shown as texts; those of stats bare.
  void writeText(std::string_view name, double value, JsonWriter& writer) const {
    const ValueFormat& format = totals_->source().format;
    if (!format.hasText()) return;
    if (spec_.isStats()) {
      format.writeBare(name, value, writer);
    } else {
      writer.member(name, format.text(value));
    }
  }
  void writeStats(std::uint32_t bucket, JsonWriter& writer) const;

  const MetricSpec& spec_;
  std::shared_ptr<FieldTotals> totals_;
};

void MetricAggregator::writeStats(std::uint32_t bucket, JsonWriter& writer) const {
  const FieldTotals& totals = *totals_;
  const bool has_values = totals.count(bucket) > 0;
  writer.member("count", totals.count(bucket));
  writeDouble(has_values ? totals.min(bucket) : kNone, writer.key("min"));
  writeDouble(has_values ? totals.max(bucket) : kNone, writer.key("max"));
  writeDouble(average(bucket), writer.key("avg"));
  writer.rawMember("sum", totals.sumText(bucket));
  if (has_values) {
    writeText("min_as_string", totals.min(bucket), writer);
    writeText("max_as_string", totals.max(bucket), writer);
    writeText("avg_as_string", average(bucket), writer);
    writeText("sum_as_string", totals.sum(bucket), writer);
  }
  if (spec_.metric != Metric::kExtendedStats) return;
  const ValueFormat& format = totals.source().format;
  NumberText text;
  if (format.hasText()) text = [&format](double value) { return format.text(value); };
  writeDistribution(distribution(bucket), text, format.isBare(), writer);
}

Status MetricAggregator::write(std::uint32_t bucket, AggregationOutput& out) {
  JsonWriter& writer = out.writer;
  const FieldTotals& totals = *totals_;
  const auto writeValue = [&](bool has_value, double value) {
    writeDouble(has_value ? value : kNone, writer.key("value"));
    if (has_value) writeText("value_as_string", value, writer);
  };
  switch (spec_.metric) {
    case Metric::kSum:
      writer.rawMember("value", totals.sumText(bucket));
      writeText("value_as_string", totals.sum(bucket), writer);
      break;
    case Metric::kAvg: writeValue(totals.count(bucket) > 0, average(bucket)); break;
    case Metric::kMin: writeValue(totals.hasValue(bucket), totals.hasValue(bucket) ? totals.min(bucket) : 0); break;
    case Metric::kMax: writeValue(totals.hasValue(bucket), totals.hasValue(bucket) ? totals.max(bucket) : 0); break;
    case Metric::kValueCount: writer.member("value", totals.count(bucket)); break;
    case Metric::kStats:
    case Metric::kExtendedStats: writeStats(bucket, writer); break;
  }
  return {};
}

class MetricAggregation final : public Aggregation {
 public:
  explicit MetricAggregation(MetricSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<MetricAggregator>(spec_, std::move(source), snapshot));
  }
  std::string_view typedName() const override {
    switch (spec_.metric) {
      case Metric::kSum: return "sum";
      case Metric::kAvg: return "avg";
      case Metric::kMin: return "min";
      case Metric::kMax: return "max";
      case Metric::kValueCount: return "value_count";
      case Metric::kStats: return "stats";
      case Metric::kExtendedStats: return "extended_stats";
    }
    return "";
  }
  bool isSmallPerBucket() const override { return true; }
  Values values() const override { return spec_.isStats() ? Values::kSeveral : Values::kOne; }
  bool hasValue(std::string_view property) const override {
    if (!spec_.isStats()) return property.empty() || property == "value";
    for (const std::string_view known : {"count", "min", "max", "avg", "sum"})
      if (property == known) return true;
    return spec_.metric == Metric::kExtendedStats && Distribution{}.value(property).has_value();
  }

 private:
  MetricSpec spec_;
};

Metric metricOf(std::string_view kind) {
  if (kind == "sum") return Metric::kSum;
  if (kind == "avg") return Metric::kAvg;
  if (kind == "min") return Metric::kMin;
  if (kind == "max") return Metric::kMax;
  if (kind == "value_count") return Metric::kValueCount;
  return kind == "stats" ? Metric::kStats : Metric::kExtendedStats;
}

}  // namespace

Result<AggregationPtr> parseMetric(AggregationRequest& request) {
  MetricSpec spec;
  spec.metric = metricOf(request.kind);
  SourceMembers members;
  for (const json::Value member : request.body) {
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (is_taken) continue;
    if (member.key() == "sigma" && spec.metric == Metric::kExtendedStats) {
      const auto sigma = member.isString() ? percentOf(member.string()) : member.real();
      if (!sigma) return failedField(request, "sigma", "For input string: \"" + std::string(member.string()) + "\"");
      spec.sigma = *sigma;
      if (!(spec.sigma >= 0))
        return failedField(request, "sigma",
                           "[sigma] must be greater than or equal to 0. Found [" + doubleText(spec.sigma) + "] in [" +
                               std::string(request.name) + "]");
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  const bool counts = spec.metric == Metric::kValueCount;
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, counts ? Accepts::kAny : Accepts::kNumbers,
                                          counts ? FieldType::kKeyword : FieldType::kDouble));
  return AggregationPtr(std::make_unique<MetricAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
