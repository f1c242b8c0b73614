// range and date_range: a bucket for each stretch of numbers or time that was named.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/date_interval.hpp"
#include "engine/aggs/percentile_request.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/explanation.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct NumberRange {
  double from = -kInfinity;  // included
  double to = kInfinity;     // not included
  std::string key;
};

struct RangeSpec {
  bool is_of_dates = false;
  ValueSource source;
  bool is_keyed = false;
  std::vector<NumberRange> ranges;  // by from, then to
  Aggregations subs;
};

class RangeAggregator final : public BucketAggregator {
 public:
  RangeAggregator(const RangeSpec& spec, ValueSource source, AggregatorSet subs)
      : BucketAggregator(std::move(subs)),
        spec_(spec),
        source_(std::move(source)),
        reader_(ValueReader::Repetitions::kDistinct) {}

  void beginSegment(SegmentRun& run) override {
    source_.beginSegment(run, reader_);
    subs_.beginSegment(run);
  }

  void collect(const DocBlock& block) override {
    bucket_count_ = block.bucket_count * rangeCount();
    if (counts_.size() < bucket_count_) counts_.resize(bucket_count_);
    collectValues(block, reader_.read(block));
    if (!source_.missing) return;
    const DocBlock absent = reader_.absent(block);
    missing_values_.assign(absent.size, *source_.missing);
    collectValues(block, {absent.size, missing_values_.data(), absent.docs, absent.buckets, nullptr});
  }

  std::size_t memoryBytes() const override {
    return BucketAggregator::memoryBytes() + counts_.capacity() * sizeof(std::uint64_t);
  }
  std::string keyText(const Bucket& bucket) const override { return rangeOf(bucket).key; }
  int compareKeys(const Bucket& a, const Bucket& b) const override { return keyText(a).compare(keyText(b)); }

 protected:
  Status list(std::uint32_t parent, std::vector<Bucket>& buckets) override {
    for (std::uint32_t r = 0; r < rangeCount(); ++r) {
      const std::uint32_t number = isNoBucket(parent) ? parent : parent * rangeCount() + r;
      buckets.push_back({number, number < counts_.size() ? counts_[number] : 0, r});
    }
    return {};
  }
  bool isKeyed() const override { return spec_.is_keyed; }
  void writeKey(const Bucket& bucket, JsonWriter& writer) const override {
    const NumberRange& range = rangeOf(bucket);
    if (!spec_.is_keyed) writer.member("key", range.key);
    writeEnd("from", range.from, writer);
    writeEnd("to", range.to, writer);
  }

 private:
  std::uint32_t rangeCount() const { return static_cast<std::uint32_t>(spec_.ranges.size()); }
  const NumberRange& rangeOf(const Bucket& bucket) const { return spec_.ranges[static_cast<std::size_t>(bucket.key)]; }

  void writeEnd(std::string_view name, double end, JsonWriter& writer) const {
    if (!std::isfinite(end)) return;
    writeDouble(end, writer.key(name));
    if (source_.format.hasText()) source_.format.writeBare(std::string(name) + "_as_string", end, writer);
  }

  void collectValues(const DocBlock& block, const ValueBlock& values) {
    const std::uint32_t ranges = rangeCount();
    for (std::uint32_t r = 0; r < ranges; ++r) {
      docs_.clear();
      buckets_.clear();
      for (std::uint32_t i = 0; i < values.size; ++i) {
        const double value = source_.decoded(values.values[i]);
        if (!(value >= spec_.ranges[r].from && value < spec_.ranges[r].to)) continue;
        const auto doc = static_cast<std::uint16_t>(values.docs == nullptr ? i : values.docs[i]);
        const std::uint32_t bucket = values.bucket(i) * ranges + r;
        // A document counts once in a range, however many of its values lie there; they stand next to each other.
        if (reader_.isMulti() && !docs_.empty() && docs_.back() == doc && buckets_.back() == bucket) continue;
        docs_.push_back(doc);
        buckets_.push_back(bucket);
        ++counts_[bucket];
      }
      if (!subs_.isEmpty())
        subs_.collect(
            block.with(static_cast<std::uint32_t>(docs_.size()), docs_.data(), buckets_.data(), bucket_count_));
    }
  }

  const RangeSpec& spec_;
  ValueSource source_;
  ValueReader reader_;
  std::uint32_t bucket_count_ = 0;
  std::vector<std::uint64_t> counts_;
  std::vector<std::uint16_t> docs_;
  std::vector<std::uint32_t> buckets_;
  std::vector<std::int64_t> missing_values_;
};

class RangeAggregation final : public Aggregation {
 public:
  explicit RangeAggregation(RangeSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<RangeAggregator>(spec_, std::move(source), std::move(subs)));
  }
  std::string_view typedName() const override { return spec_.is_of_dates ? "date_range" : "range"; }
  bool hasManyBuckets() const override { return true; }
  const Aggregations* subs() const override { return &spec_.subs; }

 private:
  RangeSpec spec_;
};

// A bare number is taken as it is, but for dates whose format is not one of milliseconds.
Result<double> readEnd(const AggregationRequest& request, const RangeSpec& spec, const TimeZone& zone,
                       json::Value value) {
  const bool is_date = spec.source.format.isDate();
  if (is_date && (spec.is_of_dates || value.isString())) {
    GYRE_TRY_ASSIGN(const std::string text, parseScalarText(request.kind, value));
    const std::optional<double> number = value.real();
    auto instant = parseDateMath(text, spec.source.format.dates(), RoundUp::kNo, zone, request.context.now_millis);
    if (!instant.isOk() && number) return *number;
    if (!instant.isOk()) return noticedBy(kByIndex, std::move(instant).status());
    return static_cast<double>(*instant);
  }
  const std::optional<double> number = value.isString() ? percentOf(value.string()) : value.real();
  if (number) return *number;
  return Status(Code::kInvalidArgument, "number_format_exception",
                "For input string: \"" + std::string(value.isString() ? value.string() : value.raw()) + "\"");
}

Result<NumberRange> readRange(const AggregationRequest& request, const RangeSpec& spec, const TimeZone& zone,
                              json::Value value) {
  if (!value.isObject()) return failedField(request, "ranges", "expected objects, found " + std::string(value.raw()));
  NumberRange range;
  bool has_key = false;
  for (const json::Value member : value) {
    if (member.key() == "key" && member.isString()) {
      range.key = member.string();
      has_key = true;
    } else if (member.key() == "from" || member.key() == "to") {
      if (member.isNull()) continue;
      GYRE_TRY_ASSIGN((member.key() == "from" ? range.from : range.to), readEnd(request, spec, zone, member));
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  if (has_key) return range;
  const auto text = [&](double end) {
    if (!std::isfinite(end)) return std::string("*");
    return spec.source.format.hasText() ? spec.source.format.text(end) : describeDouble(end);
  };
  range.key = text(range.from) + "-" + text(range.to);
  return range;
}

}  // namespace

Result<AggregationPtr> parseRangeAggregation(AggregationRequest& request) {
  RangeSpec spec;
  spec.is_of_dates = request.kind == "date_range";
  SourceMembers members;
  json::Value ranges;
  for (const json::Value member : request.body) {
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (is_taken) continue;
    if (member.key() == "ranges" && member.isArray()) {
      ranges = member;
    } else if (member.key() == "keyed") {
      GYRE_TRY_ASSIGN(spec.is_keyed, parseBoolean(request.kind, member));
    } else if (member.key() == "time_zone" && spec.is_of_dates) {
      GYRE_TRY_ASSIGN(members.zone, readZone(request, member));
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kNumbers,
                                          spec.is_of_dates ? FieldType::kDate : FieldType::kDouble));
  if (ranges.size() == 0)
    return noticedBy(kByIndex,
                     illegalArgument("No [ranges] specified for the [" + std::string(request.name) + "] aggregation"));
  for (const json::Value element : ranges) {
    GYRE_TRY_ASSIGN(auto range, readRange(request, spec, members.zone, element));
    spec.ranges.push_back(std::move(range));
  }
  std::stable_sort(spec.ranges.begin(), spec.ranges.end(), [](const NumberRange& a, const NumberRange& b) {
    return a.from != b.from ? a.from < b.from : a.to < b.to;
  });
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<RangeAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
