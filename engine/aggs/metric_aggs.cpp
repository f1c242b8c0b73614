// sum, avg, min, max, value_count and stats: one number, or a few, for each bucket.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/exact_sum.hpp"
#include "engine/aggs/value_block.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/field_query.hpp"

namespace gyre::engine {

namespace {

enum class Metric : std::uint8_t { kSum, kAvg, kMin, kMax, kValueCount, kStats };

struct MetricSpec {
  Metric metric = Metric::kSum;
  std::string path;
  FieldType type = FieldType::kLong;
  double scaling_factor = 1;
  std::optional<DateFormat> format;     // of dates
  std::optional<std::int64_t> missing;  // encoded, for documents without a value
  bool needsSum() const { return metric == Metric::kSum || metric == Metric::kAvg || metric == Metric::kStats; }
  bool needsCount() const { return metric != Metric::kSum && metric != Metric::kMin && metric != Metric::kMax; }
  bool needsMin() const { return metric == Metric::kMin || metric == Metric::kStats; }
  bool needsMax() const { return metric == Metric::kMax || metric == Metric::kStats; }
};

double decoded(const MetricSpec& spec, std::int64_t value) {
  if (isFloating(spec.type)) return decodeDouble(value);
  if (spec.type == FieldType::kScaledFloat) return static_cast<double>(value) / spec.scaling_factor;
  return static_cast<double>(value);
}

// Counts, with several per bucket while those are few; see ExactSums.
class LanedCounts {
 public:
  void grow(std::uint32_t count) {
    if (count > count_) counts_.resize(std::size_t{count_ = count} * kLanes);
  }
  void add(const std::uint32_t* buckets, std::uint32_t size) {
    if (buckets == nullptr) {
      counts_[0] += size;
      return;
    }
    std::uint32_t i = 0;
    for (; i + kLanes <= size; i += kLanes)
      for (std::uint32_t lane = 0; lane < kLanes; ++lane) ++counts_[std::size_t{buckets[i + lane]} * kLanes + lane];
    for (; i < size; ++i) ++counts_[std::size_t{buckets[i]} * kLanes];
  }
  std::uint64_t get(std::uint32_t bucket) const {
    if (bucket >= count_) return 0;
    std::uint64_t sum = 0;
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) sum += counts_[std::size_t{bucket} * kLanes + lane];
    return sum;
  }

 private:
  static constexpr std::uint32_t kLanes = 4;
  std::uint32_t count_ = 0;
  std::vector<std::uint64_t> counts_;
};

class MetricAggregator final : public Aggregator {
 public:
  explicit MetricAggregator(const MetricSpec& spec)
      : spec_(spec),
        reader_(spec.type == FieldType::kKeyword ? ValueReader::Repetitions::kDistinct
                                                 : ValueReader::Repetitions::kAll),
        sums_(spec.type, spec.scaling_factor) {}

  void beginSegment(SegmentRun& run) override {
    const FieldReader* const field = spec_.path.empty() ? nullptr : run.segment().field(spec_.path);
    column_ = field == nullptr ? nullptr : field->column;
    doc_count_ = run.docCount();
    reader_.beginSegment(run, column_);
  }

  void collect(const DocBlock& block) override {
    grow(block.bucket_count);
    if (spec_.metric == Metric::kValueCount && countWithoutReading(block)) return;
    add(reader_.read(block));
    if (spec_.missing) addMissing(reader_.absent(block));
  }

  Status write(std::uint32_t bucket, AggregationOutput& out) override;

  double orderValue(std::uint32_t bucket, std::string_view property) const override {
    const std::uint64_t count = counts_.get(bucket);
    const auto is = [&](Metric metric, std::string_view name) {
      return spec_.metric == metric || (spec_.metric == Metric::kStats && property == name);
    };
    if (is(Metric::kSum, "sum")) return sums_.value(bucket);
    if (is(Metric::kValueCount, "count")) return static_cast<double>(count);
    if (is(Metric::kAvg, "avg"))
      return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sums_.quotient(bucket, count);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (is(Metric::kMin, "min")) return hasMin(bucket) ? decoded(spec_, mins_[bucket]) : kInfinity;
    if (is(Metric::kMax, "max")) return hasMax(bucket) ? decoded(spec_, maxs_[bucket]) : -kInfinity;
    return std::numeric_limits<double>::quiet_NaN();
  }

 private:
  static constexpr std::int64_t kNoMin = INT64_MAX;
  static constexpr std::int64_t kNoMax = INT64_MIN;
  bool hasMin(std::uint32_t bucket) const { return bucket < mins_.size() && seen_[bucket]; }
  bool hasMax(std::uint32_t bucket) const { return bucket < maxs_.size() && seen_[bucket]; }

  void grow(std::uint32_t count) {
    if (spec_.needsSum()) sums_.grow(count);
    if (spec_.needsCount()) counts_.grow(count);
    if (!spec_.needsMin() && !spec_.needsMax()) return;
    if (seen_.size() >= count) return;
    seen_.resize(count);
    if (spec_.needsMin()) mins_.resize(count, kNoMin);
    if (spec_.needsMax()) maxs_.resize(count, kNoMax);
  }

  // A column with one value for every document of the window is counted by its documents.
  bool countWithoutReading(const DocBlock& block) {
    if (column_ == nullptr) return !spec_.missing;
    if (column_->isMultiValued()) return false;
    const bool is_full = column_->blockStats(block.window).doc_count == windowSize(block.window, doc_count_);
    if (!is_full && !spec_.missing) return false;
    counts_.add(block.buckets, block.size);
    return true;
  }

  void add(const ValueBlock& values) {
    if (values.size == 0) return;
    if (spec_.needsSum()) sums_.add(values);
    if (spec_.needsCount()) counts_.add(values.buckets, values.size);
    if (!spec_.needsMin() && !spec_.needsMax()) return;
    for (std::uint32_t i = 0; i < values.size; ++i) {
      const std::uint32_t bucket = values.bucket(i);
      seen_[bucket] = 1;
      if (spec_.needsMin()) mins_[bucket] = std::min(mins_[bucket], values.values[i]);
      if (spec_.needsMax()) maxs_[bucket] = std::max(maxs_[bucket], values.values[i]);
    }
  }

  void addMissing(const DocBlock& absent) {
    if (absent.size == 0) return;
    missing_values_.assign(absent.size, *spec_.missing);
    add({absent.size, missing_values_.data(), absent.docs, absent.buckets, nullptr});
  }

  void writeEnd(std::string_view name, bool has_value, std::int64_t value, JsonWriter& writer) const {
    writer.key(name);
    if (!has_value) {
      writer.null();
    } else {
      writeDouble(decoded(spec_, value), writer);
    }
  }
  void writeText(std::string_view name, double value, JsonWriter& writer) const;
  void writeStats(std::uint32_t bucket, JsonWriter& writer) const;

  const MetricSpec& spec_;
  ValueReader reader_;
  const ColumnReader* column_ = nullptr;
  std::uint32_t doc_count_ = 0;
  ExactSums sums_;
  LanedCounts counts_;
  std::vector<std::int64_t> mins_, maxs_;
  std::vector<std::uint8_t> seen_;
  std::vector<std::int64_t> missing_values_;
};

// Dates and booleans are also shown as texts; the booleans of stats as booleans.
void MetricAggregator::writeText(std::string_view name, double value, JsonWriter& writer) const {
  if (spec_.type == FieldType::kDate) {
    writer.member(name, formatDate(static_cast<std::int64_t>(value), *spec_.format));
  } else if (spec_.type == FieldType::kBoolean && spec_.metric == Metric::kStats) {
    writer.member(name, value != 0);
  } else if (spec_.type == FieldType::kBoolean) {
    writer.member(name, value == 0 ? "false" : "true");
  }
}

void MetricAggregator::writeStats(std::uint32_t bucket, JsonWriter& writer) const {
  const std::uint64_t count = counts_.get(bucket);
  const bool has_values = count > 0;
  writer.member("count", count);
  writeEnd("min", has_values, has_values ? mins_[bucket] : 0, writer);
  writeEnd("max", has_values, has_values ? maxs_[bucket] : 0, writer);
  writer.key("avg");
  if (has_values) {
    writeDouble(sums_.quotient(bucket, count), writer);
  } else {
    writer.null();
  }
  writer.rawMember("sum", sums_.text(bucket));
  if (!has_values) return;
  writeText("min_as_string", decoded(spec_, mins_[bucket]), writer);
  writeText("max_as_string", decoded(spec_, maxs_[bucket]), writer);
  writeText("avg_as_string", sums_.quotient(bucket, count), writer);
  writeText("sum_as_string", sums_.value(bucket), writer);
}

Status MetricAggregator::write(std::uint32_t bucket, AggregationOutput& out) {
  JsonWriter& writer = out.writer;
  switch (spec_.metric) {
    case Metric::kSum:
      writer.rawMember("value", sums_.text(bucket));
      writeText("value_as_string", sums_.value(bucket), writer);
      break;
    case Metric::kAvg:
      writer.key("value");
      if (const std::uint64_t count = counts_.get(bucket); count > 0) {
        writeDouble(sums_.quotient(bucket, count), writer);
        writeText("value_as_string", sums_.quotient(bucket, count), writer);
      } else {
        writer.null();
      }
      break;
    case Metric::kMin:
      writeEnd("value", hasMin(bucket), hasMin(bucket) ? mins_[bucket] : 0, writer);
      if (hasMin(bucket)) writeText("value_as_string", decoded(spec_, mins_[bucket]), writer);
      break;
    case Metric::kMax:
      writeEnd("value", hasMax(bucket), hasMax(bucket) ? maxs_[bucket] : 0, writer);
      if (hasMax(bucket)) writeText("value_as_string", decoded(spec_, maxs_[bucket]), writer);
      break;
    case Metric::kValueCount: writer.member("value", counts_.get(bucket)); break;
    case Metric::kStats: writeStats(bucket, writer); break;
  }
  return {};
}

class MetricAggregation final : public Aggregation {
 public:
  explicit MetricAggregation(MetricSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot&) const override {
    return std::unique_ptr<Aggregator>(std::make_unique<MetricAggregator>(spec_));
  }
  bool isMetric(std::string_view property) const override {
    if (spec_.metric != Metric::kStats) return property.empty() || property == "value";
    for (const std::string_view known : {"count", "min", "max", "avg", "sum"})
      if (property == known) return true;
    return false;
  }

 private:
  MetricSpec spec_;
};

Metric metricOf(std::string_view kind) {
  if (kind == "sum") return Metric::kSum;
  if (kind == "avg") return Metric::kAvg;
  if (kind == "min") return Metric::kMin;
  if (kind == "max") return Metric::kMax;
  return kind == "stats" ? Metric::kStats : Metric::kValueCount;
}

}  // namespace

Result<AggregationPtr> parseMetric(AggregationRequest& request) {
  MetricSpec spec;
  spec.metric = metricOf(request.kind);
  AggregatedField aggregated;
  json::Value missing;
  std::string format;
  for (const json::Value member : request.body) {
    if (member.key() == "field") {
      GYRE_TRY_ASSIGN(aggregated, readField(request, member));
    } else if (member.key() == "missing") {
      missing = member;
    } else if (member.key() == "format" && member.isString()) {
      format = member.string();
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  if (aggregated.path.empty())
    return illegalArgument("Required one of fields [field, script], but none were specified. ");
  if (const Field* const field = aggregated.field) {
    if (!isNumeric(field->type) && spec.metric != Metric::kValueCount) return unsupportedField(request, *field);
    spec.path = field->path;
    spec.type = field->type;
    spec.scaling_factor = field->type == FieldType::kScaledFloat ? field->scaling_factor : 1;
    if (field->type == FieldType::kDate) {
      GYRE_TRY_ASSIGN(spec.format, DateFormat::parse(format.empty() ? field->format : format));
    }
  }
  if (!format.empty() && spec.type != FieldType::kDate)
    return illegalArgument("[" + std::string(request.kind) + "] format is offered for dates only");
  if (!missing.isMissing()) {
    if (!isNumeric(spec.type)) {
      spec.missing = 0;
    } else {
      Field as_field;
      as_field.path = aggregated.path;
      as_field.type = aggregated.field == nullptr ? FieldType::kDouble : spec.type;
      if (aggregated.field == nullptr) spec.type = FieldType::kDouble;
      as_field.scaling_factor = spec.scaling_factor;
      GYRE_TRY_ASSIGN(const std::string text, parseScalarText(request.kind, missing));
      GYRE_TRY_ASSIGN(const NumberBounds bounds, boundsOfValue(as_field, text, request.context.now_millis));
      if (bounds.lowest > bounds.highest)
        return illegalArgument("[" + std::string(request.kind) + "] missing value " + text + " does not fit field [" +
                               aggregated.path + "]");
      spec.missing = bounds.lowest;
    }
  }
  return AggregationPtr(std::make_unique<MetricAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
