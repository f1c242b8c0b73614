// percentiles, percentile_ranks and median_absolute_deviation: where values lie in their order.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/hdr_classes.hpp"
#include "engine/aggs/percentile_request.hpp"
#include "engine/aggs/quantiles.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

enum class OrderMetric : std::uint8_t { kPercentiles, kRanks, kMedianDeviation };

struct PercentilesSpec {
  OrderMetric metric = OrderMetric::kPercentiles;
  ValueSource source;
  std::vector<double> keys;  // percents or values, ascending
  bool is_keyed = true;
  double compression = 100;
  std::optional<int> hdr_digits;
};

class PercentilesAggregator final : public Aggregator {
 public:
  PercentilesAggregator(const PercentilesSpec& spec, ValueSource source) : spec_(spec), source_(std::move(source)) {}

  void beginSegment(SegmentRun& run) override { source_.beginSegment(run, reader_); }

  void collect(const DocBlock& block) override {
    if (sketches_.size() < block.bucket_count) sketches_.resize(block.bucket_count, Quantiles(spec_.compression));
    add(reader_.read(block));
    if (!source_.missing) return;
    const DocBlock absent = reader_.absent(block);
    missing_values_.assign(absent.size, *source_.missing);
    add({.size = absent.size, .values = missing_values_.data(), .docs = absent.docs, .buckets = absent.buckets});
  }

  Status write(std::uint32_t bucket, AggregationOutput& out) override {
    if (spec_.hdr_digits && has_negative_)
      return {Code::kInternal, "array_index_out_of_bounds_exception", "Negative values cannot be recorded"};
    NumberText text;
    if (source_.format.hasText()) text = [this](double value) { return source_.format.text(value); };
    if (spec_.metric == OrderMetric::kMedianDeviation) {
      const double deviation = deviationOf(bucket);
      writeDouble(deviation, out.writer.key("value"));
      if (text && !std::isnan(deviation)) out.writer.member("value_as_string", text(deviation));
      return {};
    }
    writePercentiles(spec_.keys, values(bucket, spec_.keys), spec_.is_keyed, text, out.writer);
    return {};
  }

  double orderValue(std::uint32_t bucket, std::string_view property) const override {
    if (spec_.metric == OrderMetric::kMedianDeviation) return deviationOf(bucket);
    const auto key = percentOf(property);
    return key ? values(bucket, {*key})[0] : kNone;
  }

  std::size_t memoryBytes() const override {
    std::size_t bytes = sketches_.capacity() * sizeof(Quantiles);
    for (const Quantiles& sketch : sketches_) bytes += sketch.memoryBytes();
    return bytes;
  }

 private:
  void add(const ValueBlock& values) {
    const bool is_encoded = isFloating(source_.type);
    for (std::uint32_t i = 0; i < values.size; ++i) {
      const std::int64_t value = is_encoded ? values.values[i] : encodeDouble(source_.decoded(values.values[i]));
      has_negative_ = has_negative_ || (value < 0 && decodeDouble(value) < 0);
      sketches_[values.bucket(i)].add(value);
    }
  }

  double deviationOf(std::uint32_t bucket) const {
    return bucket < sketches_.size() ? sketches_[bucket].medianDeviation() : kNone;
  }

  std::vector<double> values(std::uint32_t bucket, const std::vector<double>& keys) const {
    if (bucket >= sketches_.size() || sketches_[bucket].size() == 0) return std::vector<double>(keys.size(), kNone);
    Quantiles& sketch = sketches_[bucket];
    if (spec_.hdr_digits) return hdrValues(sketch, keys);
    std::vector<double> found;
    if (spec_.metric == OrderMetric::kRanks) {
      for (const double key : keys) found.push_back(sketch.shareBelow(key) * 100);
      return found;
    }
    for (const double key : keys) found.push_back(key / 100);
    return sketch.at(found);
  }

  std::vector<double> hdrValues(Quantiles& sketch, const std::vector<double>& keys) const {
    const std::vector<Quantiles::Weighted> sorted = sketch.sorted();
    const auto above = std::find_if(sorted.begin(), sorted.end(), [](const auto& one) { return one.value > 0; });
    const HdrClasses classes(*spec_.hdr_digits, above == sorted.end() ? 0 : above->value);
    const auto total = static_cast<double>(sketch.size());
    std::vector<double> found;
    for (const double key : keys) {
      double count = 0;
      if (spec_.metric == OrderMetric::kRanks) {
        const double last = key <= 0 ? 0 : classes.highest(key);
        for (const auto& one : sorted) count += one.value <= last ? one.weight : 0;
        found.push_back(count / total * 100);
        continue;
      }
      // The class in which the wanted count is reached.
      const double wanted = std::max(1.0, std::ceil(std::max(0.0, std::nextafter(key, -1.0)) / 100 * total));
      auto at = sorted.begin();
      while (at + 1 != sorted.end() && count + at->weight < wanted) count += (at++)->weight;
      found.push_back(at->value <= 0 ? 0 : key == 0 ? classes.lowest(at->value) : classes.highest(at->value));
    }
    return found;
  }

  const PercentilesSpec& spec_;
  ValueSource source_;
  ValueReader reader_;
  bool has_negative_ = false;
  mutable std::vector<Quantiles> sketches_;  // answers rearrange their values
  std::vector<std::int64_t> missing_values_;
};

class PercentilesAggregation final : public Aggregation {
 public:
  explicit PercentilesAggregation(PercentilesSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<PercentilesAggregator>(spec_, std::move(source)));
  }
  std::string_view typedName() const override {
    switch (spec_.metric) {
      case OrderMetric::kPercentiles: return spec_.hdr_digits ? "hdr_percentiles" : "tdigest_percentiles";
      case OrderMetric::kRanks: return spec_.hdr_digits ? "hdr_percentile_ranks" : "tdigest_percentile_ranks";
      case OrderMetric::kMedianDeviation: break;
    }
    return "median_absolute_deviation";
  }
  Values values() const override {
    return spec_.metric == OrderMetric::kMedianDeviation ? Values::kOne : Values::kSeveral;
  }
  bool hasValue(std::string_view property) const override {
    const auto key = percentOf(property);
    return key && std::find(spec_.keys.begin(), spec_.keys.end(), *key) != spec_.keys.end();
  }

 private:
  PercentilesSpec spec_;
};

Result<double> readCompression(const AggregationRequest& request, json::Value value) {
  const std::optional<double> number = value.isString() ? percentOf(value.string()) : value.real();
  if (!number) return failedField(request, "compression", "For input string: \"" + std::string(value.raw()) + "\"");
  const bool is_deviation = request.kind == "median_absolute_deviation";
  if (is_deviation ? !(*number > 0) : !(*number >= 0))
    return failedField(request, "compression",
                       std::string("[compression] must be greater than ") + (is_deviation ? "0" : "or equal to 0") +
                           ". Found [" + doubleText(*number) + "]" +
                           (is_deviation ? " in [" + std::string(request.name) + "]" : ""));
  return *number;
}

Status readMethod(const AggregationRequest& request, json::Value member, PercentilesSpec& spec) {
  for (const json::Value option : member) {
    if (member.key() == "tdigest" && option.key() == "compression") {
      GYRE_TRY_ASSIGN(spec.compression, readCompression(request, option));
    } else if (member.key() == "hdr" && option.key() == "number_of_significant_value_digits") {
      GYRE_TRY_ASSIGN(const std::int64_t digits, parseWhole(request.kind, option));
      if (digits < 0 || digits > 5)
        return failedField(request, "hdr", "[numberOfSignificantValueDigits] must be between 0 and 5");
      spec.hdr_digits = static_cast<int>(digits);
    } else {
      return Status(Code::kInvalidArgument, "x_content_parse_exception",
                    "[" + std::string(member.key()) + "] unknown field [" + std::string(option.key()) + "]");
    }
  }
  return {};
}

}  // namespace

Result<AggregationPtr> parsePercentiles(AggregationRequest& request) {
  PercentilesSpec spec;
  const bool is_deviation = request.kind == "median_absolute_deviation";
  spec.metric = is_deviation                         ? OrderMetric::kMedianDeviation
                : request.kind == "percentile_ranks" ? OrderMetric::kRanks
                                                     : OrderMetric::kPercentiles;
  if (is_deviation) spec.compression = 1000;
  if (spec.metric == OrderMetric::kPercentiles) spec.keys = defaultPercents();
  SourceMembers members;
  bool has_digest = false, has_keys = false;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (is_taken) continue;
    if (key == "compression" && is_deviation) {
      GYRE_TRY_ASSIGN(spec.compression, readCompression(request, member));
    } else if (key == "percents" && spec.metric == OrderMetric::kPercentiles) {
      GYRE_TRY_ASSIGN(spec.keys, readPercents(request, member));
    } else if (key == "values" && spec.metric == OrderMetric::kRanks) {
      GYRE_TRY_ASSIGN(spec.keys, readNumbers(request, member));
      has_keys = true;
      if (spec.keys.empty())
        return notBuilt(request, "[values] must not be an empty array: [" + std::string(request.name) + "]");
    } else if (key == "keyed" && !is_deviation) {
      GYRE_TRY_ASSIGN(spec.is_keyed, parseBoolean(request.kind, member));
    } else if (key == "tdigest" && !is_deviation && member.isObject()) {
      has_digest = true;
      GYRE_TRY(readMethod(request, member, spec));
    } else if (key == "hdr" && !is_deviation && member.isObject()) {
      spec.hdr_digits = 3;
      GYRE_TRY(readMethod(request, member, spec));
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  if (has_digest && spec.hdr_digits) return illegalArgument("Only one percentiles method should be declared.");
  if (spec.metric == OrderMetric::kRanks && !has_keys)
    return notBuilt(request, "[values] must not be null: [" + std::string(request.name) + "]");
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kNumbers, FieldType::kDouble));
  if (const Field* const field = members.field.field;
      is_deviation && field != nullptr && (field->type == FieldType::kDate || field->type == FieldType::kBoolean))
    return illegalArgument("Field [" + field->path + "] of type [" + std::string(field->type_name) +
                           "] is not supported for aggregation [median_absolute_deviation]");
  return AggregationPtr(std::make_unique<PercentilesAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
