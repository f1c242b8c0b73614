// weighted_avg: the average of one field's values, each counted as often as another field says.
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/doc_values_cursor.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

struct WeightedSpec {
  ValueSource value, weight;
  ValueFormat format;
};

struct Compensated {
  double sum = 0;
  double lost = 0;
  void add(double value) {
    const double total = sum + value;
    if (std::isfinite(total))
      lost += std::fabs(sum) >= std::fabs(value) ? (sum - total) + value : (value - total) + sum;
    sum = total;
  }
  double total() const { return sum + lost; }
};

class WeightedAggregator final : public Aggregator {
 public:
  WeightedAggregator(const WeightedSpec& spec, ValueSource value, ValueSource weight)
      : spec_(spec), value_(std::move(value)), weight_(std::move(weight)) {}

  void beginSegment(SegmentRun& run) override {
    values_.beginSegment(run, value_);
    weights_.beginSegment(run, weight_);
  }

  void collect(const DocBlock& block) override {
    if (sums_.size() < block.bucket_count) sums_.resize(block.bucket_count);
    values_.load(block);
    weights_.load(block);
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const auto values = values_.at(i);
      const auto weights = weights_.at(i);
      if (values.empty() || weights.empty()) continue;
      const double weight = weight_.decoded(weights[0]);
      Sums& sums = sums_[block.bucket(i)];
      sums.has_several_weights = sums.has_several_weights || weights.size() > 1;
      for (const std::int64_t value : values) {
        sums.values.add(value_.decoded(value) * weight);
        sums.weights.add(weight);
      }
    }
  }

  Status write(std::uint32_t bucket, AggregationOutput& out) override {
    // Of buckets that are not shown the dialect does not read what is below.
    if (bucket < sums_.size() && sums_[bucket].has_several_weights)
      return {Code::kInternal, "aggregation_execution_exception",
              "Encountered more than one weight for a single document. Use a script to combine multiple "
              "weights-per-doc into a single value."};
    const double value = orderValue(bucket, {});
    writeDouble(value, out.writer.key("value"));
    if (spec_.format.hasText() && std::isfinite(value)) out.writer.member("value_as_string", spec_.format.text(value));
    return {};
  }
  double orderValue(std::uint32_t bucket, std::string_view) const override {
    if (bucket >= sums_.size()) return std::numeric_limits<double>::quiet_NaN();
    return sums_[bucket].values.total() / sums_[bucket].weights.total();
  }
  std::size_t memoryBytes() const override { return sums_.capacity() * sizeof(Sums); }

 private:
  struct Sums {
    Compensated values, weights;
    bool has_several_weights = false;  // some document has
  };
  const WeightedSpec& spec_;
  ValueSource value_, weight_;
  DocValuesCursor values_, weights_;
  std::vector<Sums> sums_;
};

class WeightedAggregation final : public Aggregation {
 public:
  explicit WeightedAggregation(WeightedSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto value, spec_.value.on(snapshot));
    GYRE_TRY_ASSIGN(auto weight, spec_.weight.on(snapshot));
    return std::unique_ptr<Aggregator>(
        std::make_unique<WeightedAggregator>(spec_, std::move(value), std::move(weight)));
  }
  std::string_view typedName() const override { return "weighted_avg"; }
  Values values() const override { return Values::kOne; }

 private:
  WeightedSpec spec_;
};

Result<ValueSource> readPart(const AggregationRequest& request, json::Value part) {
  if (!part.isObject()) return failedField(request, part.key(), "[" + std::string(part.key()) + "] must be an object");
  SourceMembers members;
  for (const json::Value member : part) {
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (!is_taken)
      return Status(Code::kInvalidArgument, "x_content_parse_exception",
                    "[weighted_avg] failed to parse field [" + std::string(part.key()) +
                        "]: [field_config] unknown field [" + std::string(member.key()) + "]");
  }
  if (members.field.path.empty())
    return failedField(request, part.key(),
                       "[field] and [script] cannot both be null.  Please specify one or the other.");
  if (const Field* const field = members.field.field; field != nullptr && !isNumeric(field->type))
    return illegalArgument("Expected numeric type on field [" + field->path + "], but got [" +
                           std::string(typeName(field->type)) + "]");
  return makeSource(request, members, Accepts::kNumbers, FieldType::kDouble);
}

}  // namespace

Result<AggregationPtr> parseWeightedAverage(AggregationRequest& request) {
  WeightedSpec spec;
  bool has_value = false, has_weight = false;
  for (const json::Value member : request.body) {
    if (member.key() == "value") {
      GYRE_TRY_ASSIGN(spec.value, readPart(request, member));
      has_value = true;
    } else if (member.key() == "weight") {
      GYRE_TRY_ASSIGN(spec.weight, readPart(request, member));
      has_weight = true;
    } else if (member.key() == "format" && member.isString()) {
      GYRE_TRY_ASSIGN(spec.format, ValueFormat::of(FieldType::kDouble, {}, member.string(), {}));
    } else if (member.key() == "value_type" && member.isString()) {
      continue;  // both are numbers whatever it says
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  if (!has_value || !has_weight)
    return noticedBy(kByIndex, illegalArgument(std::string("Could not find field name [") +
                                               (has_value ? "weight" : "value") + "] in multiValuesSource"));
  return AggregationPtr(std::make_unique<WeightedAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
