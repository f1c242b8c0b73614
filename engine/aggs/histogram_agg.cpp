// histogram: a bucket for each stretch of numbers of one length.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/interval_agg.hpp"
#include "engine/aggs/percentile_request.hpp"
#include "engine/aggs/term_ids.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/explanation.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

struct Bounds {
  std::optional<double> min, max;
};

struct HistogramSpec : IntervalSpec {
  double interval = 0;
  double offset = 0;
  Bounds extended;
  std::optional<Bounds> hard;
};

// A stretch is known by its whole number: floor((value - offset) / interval), kept as an encoded double, for it may be
// larger than 64 bits hold.
class HistogramAggregator final : public IntervalAggregator {
 public:
  HistogramAggregator(const HistogramSpec& spec, ValueSource source, AggregatorSet subs)
      : IntervalAggregator(spec, std::move(source), std::move(subs)), spec_(spec) {}

  std::string keyText(const Bucket& bucket) const override {
    const double key = keyNumber(bucket);
    return source_.format.hasText() ? source_.format.text(key) : describeDouble(key);
  }
  double keyNumber(const Bucket& bucket) const override { return startOf(decodeDouble(bucket.key)); }
  std::size_t memoryBytes() const override { return IntervalAggregator::memoryBytes() + numbers_.memoryBytes(); }

 protected:
  bool number(const std::int64_t* values, std::uint32_t size, std::uint32_t* slots) override {
    bool has_gaps = false;
    for (std::uint32_t i = 0; i < size; ++i) {
      if (i > 0 && values[i] == values[i - 1]) {
        slots[i] = slots[i - 1];
        continue;
      }
      const double index = std::floor((source_.decoded(values[i]) - spec_.offset) / spec_.interval);
      if (spec_.hard && !isInside(*spec_.hard, index * spec_.interval)) {
        slots[i] = kNoBucket;
        has_gaps = true;
      } else {
        // -0.0 and 0.0 are one stretch.
        slots[i] = numbers_.idOf(encodeDouble(index + 0.0));
      }
    }
    return has_gaps;
  }
  void cover(const NumberEnds& range, std::vector<std::uint32_t>& slots) override {
    double first = endOf(range.lowest);
    double last = endOf(range.highest);
    if (spec_.hard && spec_.hard->min) first = std::max(first, *spec_.hard->min);
    if (spec_.hard && spec_.hard->max) last = std::min(last, *spec_.hard->max);
    if (first > last) return;
    first = indexOf(first);
    last = indexOf(last);
    is_overfull_ = is_overfull_ || !(last - first < static_cast<double>(kMaxBuckets));
    for (double index = first; !is_overfull_ && index <= last; index += 1)
      slots.push_back(numbers_.idOf(encodeDouble(index + 0.0)));
  }
  std::int64_t keyOf(std::uint32_t slot) const override { return numbers_.value(slot); }

  Status fill(std::vector<Bucket>& met) const override {
    std::optional<double> first, last;
    if (!met.empty()) {
      first = decodeDouble(met.front().key);
      last = decodeDouble(met.back().key);
    }
    if (spec_.extended.min) {
      const double index = indexOf(*spec_.extended.min);
      first = first ? std::min(*first, index) : index;
    }
    if (spec_.extended.max) {
      const double index = indexOf(*spec_.extended.max);
      last = last ? std::max(*last, index) : index;
    }
    if (!first || !last || *first > *last) return {};
    if (!(*last - *first < static_cast<double>(kMaxBuckets))) return tooManyBuckets();
    std::vector<Bucket> all;
    std::size_t at = 0;
    for (double index = *first; index <= *last; index += 1) {
      const std::int64_t key = encodeDouble(index + 0.0);
      all.push_back(at < met.size() && met[at].key == key ? met[at++] : Bucket{kGapBucket, 0, key});
    }
    met = std::move(all);
    return {};
  }

  void writeKey(const Bucket& bucket, JsonWriter& writer) const override {
    if (source_.format.hasText()) writer.member("key_as_string", keyText(bucket));
    writeDouble(keyNumber(bucket), writer.key("key"));
  }

 private:
  static bool isInside(const Bounds& bounds, double value) {
    return (!bounds.min || value >= *bounds.min) && (!bounds.max || value <= *bounds.max);
  }
  double endOf(std::int64_t encoded) const {
    return isFloating(source_.range_of) ? decodeDouble(encoded) : static_cast<double>(encoded);
  }
  double indexOf(double value) const { return std::floor((value - spec_.offset) / spec_.interval); }
  double startOf(double index) const { return index * spec_.interval + spec_.offset; }

  const HistogramSpec& spec_;
  NumberIds numbers_;
};

class HistogramAggregation final : public Aggregation {
 public:
  explicit HistogramAggregation(HistogramSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(
        std::make_unique<HistogramAggregator>(spec_, std::move(source), std::move(subs)));
  }
  std::string_view typedName() const override { return "histogram"; }
  bool hasManyBuckets() const override { return true; }
  Sequence sequence() const override { return spec_.min_doc_count == 0 ? Sequence::kGapless : Sequence::kWithGaps; }
  const Aggregations* subs() const override { return &spec_.subs; }

 private:
  HistogramSpec spec_;
};

Result<double> readReal(const AggregationRequest& request, json::Value value) {
  const std::optional<double> number = value.isString() ? percentOf(value.string()) : value.real();
  if (number && std::isfinite(*number)) return *number;
  return failedField(request, value.key(),
                     "For input string: \"" + std::string(value.isString() ? value.string() : value.raw()) + "\"");
}

Result<Bounds> readBounds(const AggregationRequest& request, json::Value value) {
  Bounds bounds;
  if (!value.isObject()) return failedField(request, value.key(), "expected an object");
  for (const json::Value member : value) {
    if (member.key() != "min" && member.key() != "max")
      return Status(Code::kInvalidArgument, "x_content_parse_exception",
                    "[double_bounds] unknown field [" + std::string(member.key()) + "]");
    if (member.isNull()) continue;
    GYRE_TRY_ASSIGN((member.key() == "min" ? bounds.min : bounds.max), readReal(request, member));
  }
  if (bounds.min && bounds.max && *bounds.min > *bounds.max)
    return failedField(
        request, value.key(),
        "max bound [" + doubleText(*bounds.max) + "] must be greater than min bound [" + doubleText(*bounds.min) + "]");
  return bounds;
}

std::string boundsText(const Bounds& bounds) {
  return "[" + (bounds.min ? doubleText(*bounds.min) : "") + "--" + (bounds.max ? doubleText(*bounds.max) : "") + "]";
}

}  // namespace

Result<AggregationPtr> parseHistogram(AggregationRequest& request) {
  HistogramSpec spec;
  SourceMembers members;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (is_taken) continue;
    if (key == "interval") {
      GYRE_TRY_ASSIGN(spec.interval, readReal(request, member));
      if (!(spec.interval > 0))
        return failedField(request, key,
                           "[interval] must be >0 for histogram aggregation [" + std::string(request.name) + "]");
    } else if (key == "offset") {
      GYRE_TRY_ASSIGN(spec.offset, readReal(request, member));
    } else if (key == "min_doc_count") {
      GYRE_TRY_ASSIGN(spec.min_doc_count, readMinDocCount(request, member));
    } else if (key == "extended_bounds") {
      GYRE_TRY_ASSIGN(spec.extended, readBounds(request, member));
    } else if (key == "hard_bounds") {
      GYRE_TRY_ASSIGN(spec.hard, readBounds(request, member));
    } else if (key == "keyed") {
      GYRE_TRY_ASSIGN(spec.is_keyed, parseBoolean(request.kind, member));
    } else if (key == "order") {
      GYRE_TRY_ASSIGN(spec.order, parseOrder(member, request.subs));
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kNumbersAndRanges, FieldType::kDouble));
  if (spec.source.isRange() && spec.source.range_of == FieldType::kIp)
    return illegalArgument("Expected numeric range type but found non-numeric range [ip_range]");
  if (spec.interval == 0) return noticedBy(kByIndex, illegalArgument("interval must be positive, got: 0.0"));
  const Bounds& extended = spec.extended;
  if (spec.hard && ((extended.min && spec.hard->min && *extended.min < *spec.hard->min) ||
                    (extended.max && spec.hard->max && *extended.max > *spec.hard->max)))
    return noticedBy(kByIndex, illegalArgument("Extended bounds have to be inside hard bounds, hard bounds: " +
                                               boundsText(*spec.hard) + ", extended bounds: " + boundsText(extended)));
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<HistogramAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
