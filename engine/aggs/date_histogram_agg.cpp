// date_histogram: a bucket for each stretch of time.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/date_interval.hpp"
#include "engine/aggs/interval_agg.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// Beginnings of stretches before the offset moves them: so the dialect rounds bounds.
struct TimeBounds {
  std::optional<std::int64_t> min, max;
  std::string min_text, max_text;  // as given
};

struct DateHistogramSpec : IntervalSpec {
  DateRounding rounding = DateRounding::fixed(1, {}, 0);
  TimeBounds extended;
  std::optional<TimeBounds> hard;
};

class DateHistogramAggregator final : public IntervalAggregator {
 public:
  DateHistogramAggregator(const DateHistogramSpec& spec, ValueSource source, const Snapshot& snapshot,
                          AggregatorSet subs)
      : IntervalAggregator(spec, std::move(source), std::move(subs)), spec_(spec), slots_(spec.rounding) {
    if (source_.isRange()) return;
    std::optional<std::int64_t> min, max = source_.missing;
    min = max;
    for (const SegmentView& view : snapshot.segments) {
      const FieldReader* const field = source_.fieldOf(*view.segment);
      if (field == nullptr || field->column->stats().value_count == 0) continue;
      const ColumnBlockStats stats = field->column->stats();
      const ValueConversion conversion = source_.conversionOf(*field);
      const std::int64_t first = conversion.apply(stats.min);
      const std::int64_t last = conversion.apply(stats.max);
      min = min ? std::min(*min, first) : first;
      max = max ? std::max(*max, last) : last;
    }
    // Numbers that are no dates are rounded one by one.
    if (min && source_.format.isDate()) slots_.layOut(*min, *max);
    table_.setIds(slots_.limit());
  }

  std::string keyText(const Bucket& bucket) const override {
    return source_.format.hasText() ? source_.format.text(bucket.key) : std::to_string(bucket.key);
  }
  double keyNumber(const Bucket& bucket) const override { return static_cast<double>(bucket.key); }

 protected:
  bool number(const std::int64_t* values, std::uint32_t size, std::uint32_t* slots) override {
    if (source_.format.isDate() || !(isFloating(source_.type) || source_.type == FieldType::kScaledFloat)) {
      slots_.map(values, size, slots);
    } else {
      whole_.resize(size);
      for (std::uint32_t i = 0; i < size; ++i) whole_[i] = static_cast<std::int64_t>(source_.decoded(values[i]));
      slots_.map(whole_.data(), size, slots);
    }
    if (!spec_.hard) return false;
    for (std::uint32_t i = 0; i < size; ++i) {
      const std::int64_t start = slots_.start(slots[i]);
      const bool is_inside =
          (!spec_.hard->min || start >= *spec_.hard->min) && (!spec_.hard->max || start < *spec_.hard->max);
      if (!is_inside) slots[i] = kNoBucket;
    }
    return true;
  }
  void cover(const NumberEnds& range, std::vector<std::uint32_t>& slots) override {
    const std::int64_t first = spec_.hard && spec_.hard->min ? std::max(range.lowest, *spec_.hard->min) : range.lowest;
    const std::int64_t last = spec_.hard && spec_.hard->max ? std::min(range.highest, *spec_.hard->max) : range.highest;
    if (first > last) return;
    std::vector<std::int64_t> starts;
    is_overfull_ = is_overfull_ || first == INT64_MIN || last == INT64_MAX;
    for (std::int64_t at = is_overfull_ ? 0 : spec_.rounding.floor(first); !is_overfull_ && at <= last;
         at = spec_.rounding.next(at)) {
      starts.push_back(at);
      is_overfull_ = starts.size() > kMaxBuckets;
    }
    if (is_overfull_) return;
    slots.resize(starts.size());
    slots_.map(starts.data(), static_cast<std::uint32_t>(starts.size()), slots.data());
  }
  std::int64_t keyOf(std::uint32_t slot) const override { return slots_.start(slot); }

  Status fill(std::vector<Bucket>& met) const override {
    std::optional<std::int64_t> first, last;
    if (!met.empty()) {
      first = met.front().key;
      last = met.back().key;
    }
    if (spec_.extended.min) {
      const std::int64_t start = *spec_.extended.min + spec_.rounding.offset();
      first = first ? std::min(*first, start) : start;
    }
    if (spec_.extended.max) {
      const std::int64_t start = *spec_.extended.max + spec_.rounding.offset();
      last = last ? std::max(*last, start) : start;
    }
    if (!first || !last) return {};
    std::vector<Bucket> all;
    std::size_t at = 0;
    for (std::int64_t start = *first; start <= *last; start = spec_.rounding.next(start)) {
      all.push_back(at < met.size() && met[at].key == start ? met[at++] : Bucket{kGapBucket, 0, start});
      if (all.size() > kMaxBuckets) return tooManyBuckets();
    }
    met = std::move(all);
    return {};
  }

  void writeKey(const Bucket& bucket, JsonWriter& writer) const override {
    if (source_.format.hasText()) writer.member("key_as_string", source_.format.text(bucket.key));
    writer.member("key", bucket.key);
  }

 private:
  const DateHistogramSpec& spec_;
  DateSlots slots_;
  std::vector<std::int64_t> whole_;
};

class DateHistogramAggregation final : public Aggregation {
 public:
  explicit DateHistogramAggregation(DateHistogramSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(
        std::make_unique<DateHistogramAggregator>(spec_, std::move(source), snapshot, std::move(subs)));
  }
  std::string_view typedName() const override { return "date_histogram"; }
  bool hasManyBuckets() const override { return true; }
  Sequence sequence() const override { return spec_.min_doc_count == 0 ? Sequence::kGapless : Sequence::kWithGaps; }
  const Aggregations* subs() const override { return &spec_.subs; }

 private:
  DateHistogramSpec spec_;
};

Result<TimeBounds> readBounds(const AggregationRequest& request, json::Value value, const TimeZone& zone,
                              const DateHistogramSpec& spec) {
  TimeBounds bounds;
  if (!value.isObject()) return failedField(request, value.key(), "expected an object");
  for (const json::Value member : value) {
    if (member.key() != "min" && member.key() != "max")
      return Status(Code::kInvalidArgument, "x_content_parse_exception",
                    "[bounds] unknown field [" + std::string(member.key()) + "]");
    if (member.isNull()) continue;
    GYRE_TRY_ASSIGN(const std::string text, parseScalarText(request.kind, member));
    std::int64_t instant = 0;
    if (const auto millis = member.integer()) {
      // A bare number is an instant, whatever the format.
      instant = *millis;
    } else {
      const auto parsed =
          parseDateMath(text, spec.source.format.dates(), RoundUp::kNo, zone, request.context.now_millis);
      if (!parsed.isOk()) return noticedBy(kByIndex, parsed.status());
      instant = *parsed;
    }
    (member.key() == "min" ? bounds.min : bounds.max) = instant;
    (member.key() == "min" ? bounds.min_text : bounds.max_text) = text;
  }
  if (bounds.min && bounds.max && *bounds.min > *bounds.max)
    return noticedBy(
        kByIndex, illegalArgument("[" + std::string(value.key()) + ".min][" + bounds.min_text +
                                  "] cannot be greater than [" + std::string(value.key()) + ".max][" + bounds.max_text +
                                  "] for histogram aggregation [" + std::string(request.name) + "]"));
  if (bounds.min) bounds.min = spec.rounding.floorUnmoved(*bounds.min);
  if (bounds.max) bounds.max = spec.rounding.floorUnmoved(*bounds.max);
  return bounds;
}

}  // namespace

Result<AggregationPtr> parseDateHistogram(AggregationRequest& request) {
  DateHistogramSpec spec;
  SourceMembers members;
  DateIntervalMembers interval;
  json::Value extended_bounds, hard_bounds;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    GYRE_TRY_ASSIGN(const bool is_source, readSourceMember(request, member, members));
    if (is_source) continue;
    GYRE_TRY_ASSIGN(const bool is_interval, readDateIntervalMember(request, member, interval));
    if (is_interval) continue;
    if (key == "min_doc_count") {
      GYRE_TRY_ASSIGN(spec.min_doc_count, readMinDocCount(request, member));
    } else if (key == "extended_bounds") {
      extended_bounds = member;
    } else if (key == "hard_bounds") {
      hard_bounds = member;
    } else if (key == "keyed") {
      GYRE_TRY_ASSIGN(spec.is_keyed, parseBoolean(request.kind, member));
    } else if (key == "order") {
      GYRE_TRY_ASSIGN(spec.order, parseOrder(member, request.subs));
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  members.zone = interval.zone;
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kNumbersAndRanges, FieldType::kDate));
  if (spec.source.isRange() && spec.source.range_of != FieldType::kDate)
    return illegalArgument("Expected date range type but found range type [" +
                           std::string(members.field.field->type_name) + "]");
  if (!interval.isGiven())
    return noticedBy(kByIndex, illegalArgument("Invalid interval specified, must be non-null and non-empty"));
  spec.rounding = interval.rounding();
  if (!extended_bounds.isMissing()) {
    GYRE_TRY_ASSIGN(spec.extended, readBounds(request, extended_bounds, interval.zone, spec));
  }
  if (!hard_bounds.isMissing()) {
    GYRE_TRY_ASSIGN(spec.hard, readBounds(request, hard_bounds, interval.zone, spec));
    const TimeBounds& extended = spec.extended;
    const TimeBounds& hard = *spec.hard;
    if ((extended.min && hard.min && *extended.min < *hard.min) ||
        (extended.max && hard.max && *extended.max > *hard.max))
      return noticedBy(kByIndex, illegalArgument("Extended bounds have to be inside hard bounds, hard bounds: [" +
                                                 hard.min_text + "--" + hard.max_text + "], extended bounds: [" +
                                                 extended.min_text + "--" + extended.max_text + "]"));
  }
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<DateHistogramAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
