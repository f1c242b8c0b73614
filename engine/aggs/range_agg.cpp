// range: a bucket for each stretch of numbers that was named.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/value_block.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/field_query.hpp"

namespace gyre::engine {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct NumberRange {
  double from = -kInfinity;  // included
  double to = kInfinity;     // not included
  std::string key;
};

struct RangeSpec {
  std::string path;  // "" when the mapping has no such field
  FieldType type = FieldType::kDouble;
  double scaling_factor = 1;
  bool is_keyed = false;
  std::vector<NumberRange> ranges;  // by from, then to
  Aggregations subs;

  double decoded(std::int64_t value) const {
    if (isFloating(type)) return decodeDouble(value);
    return type == FieldType::kScaledFloat ? static_cast<double>(value) / scaling_factor : static_cast<double>(value);
  }
};

class RangeAggregator final : public Aggregator {
 public:
  RangeAggregator(const RangeSpec& spec, AggregatorSet subs)
      : spec_(spec), reader_(ValueReader::Repetitions::kDistinct), subs_(std::move(subs)) {}

  void beginSegment(SegmentRun& run) override {
    const FieldReader* const field = spec_.path.empty() ? nullptr : run.segment().field(spec_.path);
    reader_.beginSegment(run, field == nullptr ? nullptr : field->column);
    is_multi_ = reader_.hasColumn() && field->column->isMultiValued();
    subs_.beginSegment(run);
  }

  void collect(const DocBlock& block) override {
    const ValueBlock values = reader_.read(block);
    const auto ranges = static_cast<std::uint32_t>(spec_.ranges.size());
    const std::uint32_t bucket_count = block.bucket_count * ranges;
    if (counts_.size() < bucket_count) counts_.resize(bucket_count);
    for (std::uint32_t r = 0; r < ranges; ++r) {
      docs_.clear();
      buckets_.clear();
      for (std::uint32_t i = 0; i < values.size; ++i) {
        const double value = spec_.decoded(values.values[i]);
        if (!(value >= spec_.ranges[r].from && value < spec_.ranges[r].to)) continue;
        const auto doc = static_cast<std::uint16_t>(values.docs == nullptr ? i : values.docs[i]);
        const std::uint32_t bucket = values.bucket(i) * ranges + r;
        // A document counts once in a range, however many of its values lie there; they stand next to each other.
        if (is_multi_ && !docs_.empty() && docs_.back() == doc && buckets_.back() == bucket) continue;
        docs_.push_back(doc);
        buckets_.push_back(bucket);
        ++counts_[bucket];
      }
      if (!subs_.isEmpty())
        subs_.collect(
            {block.window, static_cast<std::uint32_t>(docs_.size()), docs_.data(), buckets_.data(), bucket_count});
    }
  }

  Status write(std::uint32_t parent, AggregationOutput& out) override {
    GYRE_TRY(out.addBuckets(spec_.ranges.size()));
    JsonWriter& writer = out.writer;
    writer.key("buckets");
    spec_.is_keyed ? writer.beginObject() : writer.beginArray();
    for (std::uint32_t r = 0; r < spec_.ranges.size(); ++r) {
      const NumberRange& range = spec_.ranges[r];
      const bool is_known = parent != kNoBucket;
      const std::uint32_t bucket = is_known ? parent * static_cast<std::uint32_t>(spec_.ranges.size()) + r : kNoBucket;
      if (spec_.is_keyed) writer.key(range.key);
      writer.beginObject();
      if (!spec_.is_keyed) writer.member("key", range.key);
      if (std::isfinite(range.from)) writeDouble(range.from, writer.key("from"));
      if (std::isfinite(range.to)) writeDouble(range.to, writer.key("to"));
      writer.member("doc_count", bucket < counts_.size() ? counts_[bucket] : 0);
      GYRE_TRY(subs_.writeMembers(bucket, out));
      writer.endObject();
    }
    spec_.is_keyed ? writer.endObject() : writer.endArray();
    return {};
  }

 private:
  static constexpr std::uint32_t kNoBucket = 0xffff'ffffu;

  const RangeSpec& spec_;
  ValueReader reader_;
  AggregatorSet subs_;
  bool is_multi_ = false;
  std::vector<std::uint64_t> counts_;
  std::vector<std::uint16_t> docs_;
  std::vector<std::uint32_t> buckets_;
};

class RangeAggregation final : public Aggregation {
 public:
  explicit RangeAggregation(RangeSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<RangeAggregator>(spec_, std::move(subs)));
  }

 private:
  RangeSpec spec_;
};

Result<double> readEnd(json::Value value) {
  if (const auto number = value.real()) return *number;
  if (value.isString())
    if (const auto document = json::Document::parse(value.string()); document.isOk())
      if (const auto number = document.value().root().real()) return *number;
  return parsingException("[range] [" + std::string(value.key()) + "] must be a number, found " +
                          std::string(value.raw()));
}

Result<NumberRange> readRange(const AggregationRequest& request, json::Value value) {
  if (!value.isObject()) return parsingException("[range] [ranges] must be objects");
  NumberRange range;
  for (const json::Value member : value) {
    if (member.key() == "key" && member.isString()) {
      range.key = member.string();
    } else if (member.key() == "from" && !member.isNull()) {
      GYRE_TRY_ASSIGN(range.from, readEnd(member));
    } else if (member.key() == "to" && !member.isNull()) {
      GYRE_TRY_ASSIGN(range.to, readEnd(member));
    } else if (!member.isNull()) {
      return unknownAggregationParameter(request, member.key());
    }
  }
  const auto text = [](double end) { return std::isfinite(end) ? doubleText(end) : std::string("*"); };
  if (range.key.empty()) range.key = text(range.from) + "-" + text(range.to);
  return range;
}

}  // namespace

Result<AggregationPtr> parseRangeAggregation(AggregationRequest& request) {
  RangeSpec spec;
  AggregatedField aggregated;
  for (const json::Value member : request.body) {
    if (member.key() == "field") {
      GYRE_TRY_ASSIGN(aggregated, readField(request, member));
    } else if (member.key() == "ranges" && member.isArray()) {
      for (const json::Value element : member) {
        GYRE_TRY_ASSIGN(auto range, readRange(request, element));
        spec.ranges.push_back(std::move(range));
      }
    } else if (member.key() == "keyed") {
      GYRE_TRY_ASSIGN(spec.is_keyed, parseBoolean(request.kind, member));
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  if (aggregated.path.empty())
    return illegalArgument("Required one of fields [field, script], but none were specified. ");
  if (spec.ranges.empty())
    return illegalArgument("No [ranges] specified for the [" + std::string(request.name) + "] aggregation");
  if (const Field* const field = aggregated.field) {
    if (!isNumeric(field->type) || field->type == FieldType::kBoolean) return unsupportedField(request, *field);
    spec.path = field->path;
    spec.type = field->type;
    spec.scaling_factor = field->type == FieldType::kScaledFloat ? field->scaling_factor : 1;
  }
  std::stable_sort(spec.ranges.begin(), spec.ranges.end(), [](const NumberRange& a, const NumberRange& b) {
    return a.from != b.from ? a.from < b.from : a.to < b.to;
  });
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<RangeAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
