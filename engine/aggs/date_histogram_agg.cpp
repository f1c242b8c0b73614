// date_histogram: a bucket for each stretch of time.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_order.hpp"
#include "engine/aggs/bucket_table.hpp"
#include "engine/aggs/date_rounding.hpp"
#include "engine/aggs/value_block.hpp"
#include "engine/mapping/civil_time.hpp"
#include "engine/query/field_query.hpp"

namespace gyre::engine {

namespace {

struct DateHistogramSpec {
  std::string path;  // "" when the mapping has no such field
  DateFormat format;
  DateRounding rounding = DateRounding::fixed(kDayMillis, {}, 0);
  std::uint64_t min_doc_count = 0;
  std::optional<std::int64_t> bounds_min, bounds_max;  // extended_bounds
  std::optional<std::int64_t> missing;
  bool is_keyed = false;
  std::vector<OrderKey> order;
  Aggregations subs;
};

class DateHistogramAggregator final : public Aggregator {
 public:
  DateHistogramAggregator(const DateHistogramSpec& spec, const Snapshot& snapshot, AggregatorSet subs)
      : spec_(spec), reader_(ValueReader::Repetitions::kDistinct), slots_(spec.rounding), subs_(std::move(subs)) {
    std::optional<std::int64_t> min, max = spec.missing;
    min = max;
    for (const SegmentView& view : snapshot.segments) {
      const FieldReader* const field = spec.path.empty() ? nullptr : view.segment->field(spec.path);
      if (field == nullptr || field->column == nullptr || field->column->stats().value_count == 0) continue;
      const ColumnBlockStats stats = field->column->stats();
      min = min ? std::min(*min, stats.min) : stats.min;
      max = max ? std::max(*max, stats.max) : stats.max;
    }
    if (min) slots_.layOut(*min, *max);
    table_.setIds(slots_.limit());
  }

  void beginSegment(SegmentRun& run) override {
    const FieldReader* const field = spec_.path.empty() ? nullptr : run.segment().field(spec_.path);
    reader_.beginSegment(run, field == nullptr ? nullptr : field->column);
    is_multi_ = reader_.hasColumn() && field->column->isMultiValued();
    subs_.beginSegment(run);
  }

  void collect(const DocBlock& block) override {
    const ValueBlock values = reader_.read(block);
    if (values.size > 0) {
      ids_.resize(values.size);
      slots_.map(values.values, values.size, ids_.data());
      if (is_multi_) {
        collectDistinct(block, values);
      } else {
        collectIds(block, values.docs, values.buckets, values.size);
      }
    }
    if (!spec_.missing) return;
    const DocBlock absent = reader_.absent(block);
    if (absent.size == 0) return;
    ids_.resize(absent.size);
    missing_values_.assign(absent.size, *spec_.missing);
    slots_.map(missing_values_.data(), absent.size, ids_.data());
    collectIds(block, absent.docs, absent.buckets, absent.size);
  }

  Status write(std::uint32_t parent, AggregationOutput& out) override;

 private:
  struct Candidate {
    std::int64_t start;
    std::uint32_t bucket;  // kNoBucket: filled in
    std::uint64_t count;
  };
  static constexpr std::uint32_t kNoBucket = 0xffff'ffffu;

  void collectIds(const DocBlock& block, const std::uint16_t* docs, const std::uint32_t* parents, std::uint32_t size) {
    buckets_.resize(size);
    table_.collect(block.bucket_count == 1 ? nullptr : parents, block.bucket_count, ids_.data(), size, buckets_.data());
    if (!subs_.isEmpty()) subs_.collect({block.window, size, docs, buckets_.data(), table_.size()});
  }

  // A document counts once in a bucket, however many of its values fall there.
  void collectDistinct(const DocBlock& block, const ValueBlock& values) {
    kept_docs_.clear();
    kept_buckets_.clear();
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < values.size; ++i) {
      if (kept > 0 && values.docs[i] == kept_docs_.back() && values.buckets[i] == kept_buckets_.back() &&
          ids_[i] == ids_[kept - 1])
        continue;
      kept_docs_.push_back(values.docs[i]);
      kept_buckets_.push_back(values.buckets[i]);
      ids_[kept++] = ids_[i];
    }
    collectIds(block, kept_docs_.data(), kept_buckets_.data(), kept);
  }

  Result<std::vector<Candidate>> candidates(std::uint32_t parent);
  void sort(std::vector<Candidate>& found) const;

  const DateHistogramSpec& spec_;
  ValueReader reader_;
  DateSlots slots_;
  AggregatorSet subs_;
  BucketTable table_;
  bool is_multi_ = false;
  std::vector<std::uint32_t> ids_, buckets_, kept_buckets_;
  std::vector<std::uint16_t> kept_docs_;
  std::vector<std::int64_t> missing_values_;
};

// In time order, with the empty buckets that were asked for. These are counted before they are made.
Result<std::vector<DateHistogramAggregator::Candidate>> DateHistogramAggregator::candidates(std::uint32_t parent) {
  std::vector<Candidate> met;
  for (const std::uint32_t bucket : table_.bucketsOf(parent))
    met.push_back({slots_.start(table_.id(bucket)), bucket, table_.count(bucket)});
  std::sort(met.begin(), met.end(), [](const Candidate& a, const Candidate& b) { return a.start < b.start; });
  if (spec_.min_doc_count > 0) {
    std::erase_if(met, [this](const Candidate& one) { return one.count < spec_.min_doc_count; });
    return met;
  }
  std::optional<std::int64_t> first, last;
  if (!met.empty()) {
    first = met.front().start;
    last = met.back().start;
  }
  if (spec_.bounds_min) {
    const std::int64_t start = spec_.rounding.floor(*spec_.bounds_min);
    first = first ? std::min(*first, start) : start;
  }
  if (spec_.bounds_max) {
    const std::int64_t start = spec_.rounding.floor(*spec_.bounds_max);
    last = last ? std::max(*last, start) : start;
  }
  if (!first || !last) return met;
  std::vector<Candidate> all;
  std::size_t at = 0;
  for (std::int64_t start = *first; start <= *last; start = spec_.rounding.next(start)) {
    if (at < met.size() && met[at].start == start) {
      all.push_back(met[at++]);
    } else {
      all.push_back({start, kNoBucket, 0});
    }
    if (all.size() > kMaxBuckets) break;
  }
  return all;
}

void DateHistogramAggregator::sort(std::vector<Candidate>& found) const {
  if (spec_.order.empty()) return;
  std::stable_sort(found.begin(), found.end(), [this](const Candidate& a, const Candidate& b) {
    for (const OrderKey& key : spec_.order) {
      if (key.kind == OrderKey::Kind::kCount && a.count != b.count) return (a.count < b.count) != key.is_descending;
      if (key.kind == OrderKey::Kind::kKey && a.start != b.start) return (a.start < b.start) != key.is_descending;
      if (key.kind != OrderKey::Kind::kMetric) continue;
      const int order =
          compareMetric(subs_.orderValue(a.bucket, key.path), subs_.orderValue(b.bucket, key.path), key.is_descending);
      if (order != 0) return order < 0;
    }
    return false;
  });
}

Status DateHistogramAggregator::write(std::uint32_t parent, AggregationOutput& out) {
  GYRE_TRY_ASSIGN(auto found, candidates(parent));
  GYRE_TRY(out.addBuckets(found.size()));
  sort(found);
  JsonWriter& writer = out.writer;
  writer.key("buckets");
  spec_.is_keyed ? writer.beginObject() : writer.beginArray();
  for (const Candidate& one : found) {
    const std::string text = formatDate(one.start, spec_.format, spec_.rounding.zone());
    if (spec_.is_keyed) writer.key(text);
    writer.beginObject();
    writer.member("key_as_string", text).member("key", one.start).member("doc_count", one.count);
    GYRE_TRY(subs_.writeMembers(one.bucket, out));
    writer.endObject();
  }
  spec_.is_keyed ? writer.endObject() : writer.endArray();
  return {};
}

class DateHistogramAggregation final : public Aggregation {
 public:
  explicit DateHistogramAggregation(DateHistogramSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<DateHistogramAggregator>(spec_, snapshot, std::move(subs)));
  }

 private:
  DateHistogramSpec spec_;
};

std::optional<CalendarUnit> calendarUnit(std::string_view name) {
  struct Name {
    std::string_view text;
    CalendarUnit unit;
  };
  constexpr Name kNames[] = {
      {"second", CalendarUnit::kSecond},   {"1s", CalendarUnit::kSecond},   {"minute", CalendarUnit::kMinute},
      {"1m", CalendarUnit::kMinute},       {"hour", CalendarUnit::kHour},   {"1h", CalendarUnit::kHour},
      {"day", CalendarUnit::kDay},         {"1d", CalendarUnit::kDay},      {"week", CalendarUnit::kWeek},
      {"1w", CalendarUnit::kWeek},         {"month", CalendarUnit::kMonth}, {"1M", CalendarUnit::kMonth},
      {"quarter", CalendarUnit::kQuarter}, {"1q", CalendarUnit::kQuarter},  {"year", CalendarUnit::kYear},
      {"1y", CalendarUnit::kYear}};
  for (const Name& known : kNames)
    if (known.text == name) return known.unit;
  return std::nullopt;
}

// "90m", "500ms", "-1h".
Result<std::int64_t> parseDuration(std::string_view what, std::string_view text) {
  const auto malformed = [&] {
    return illegalArgument("failed to parse setting [date_histogram." + std::string(what) + "] with value [" +
                           std::string(text) + "] as a time value: unit is missing or unrecognized");
  };
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc()) return malformed();
  const std::string_view unit(end, static_cast<std::size_t>(digits.data() + digits.size() - end));
  std::int64_t millis = 0;
  if (unit == "ms") millis = 1;
  if (unit == "s") millis = kSecondMillis;
  if (unit == "m") millis = kMinuteMillis;
  if (unit == "h") millis = kHourMillis;
  if (unit == "d") millis = kDayMillis;
  std::int64_t product = 0;
  if (millis == 0 || __builtin_mul_overflow(count, millis, &product)) return malformed();
  return product;
}

struct Interval {
  std::optional<CalendarUnit> unit;
  std::int64_t millis = 0;
  std::string zone;
  std::int64_t offset = 0;
};

Status readExtendedBounds(const AggregationRequest& request, json::Value value, const TimeZone& zone,
                          DateHistogramSpec& spec) {
  if (!value.isObject()) return parsingException("[date_histogram] [extended_bounds] must be an object");
  for (const json::Value member : value) {
    if (member.key() != "min" && member.key() != "max") return unknownAggregationParameter(request, member.key());
    if (member.isNull()) continue;
    GYRE_TRY_ASSIGN(const std::string text, parseScalarText(request.kind, member));
    GYRE_TRY_ASSIGN(const std::int64_t instant,
                    parseDateMath(text, spec.format, RoundUp::kNo, zone, request.context.now_millis));
    (member.key() == "min" ? spec.bounds_min : spec.bounds_max) = instant;
  }
  if (spec.bounds_min && spec.bounds_max && *spec.bounds_min > *spec.bounds_max)
    return illegalArgument(
        "[extended_bounds.min] cannot be greater than [extended_bounds.max] for histogram aggregation [" +
        std::string(request.name) + "]");
  return {};
}

Status readInterval(json::Value member, Interval& interval) {
  const std::string_view text = member.string();
  if (member.key() == "calendar_interval") {
    interval.unit = calendarUnit(text);
    if (!interval.unit)
      return illegalArgument("The supplied interval [" + std::string(text) +
                             "] could not be parsed as a calendar interval.");
  } else {
    GYRE_TRY_ASSIGN(interval.millis, parseDuration("fixedInterval", text));
    if (interval.millis <= 0) return illegalArgument("Zero or negative time interval not supported");
  }
  return {};
}

}  // namespace

Result<AggregationPtr> parseDateHistogram(AggregationRequest& request) {
  DateHistogramSpec spec;
  AggregatedField aggregated;
  Interval interval;
  json::Value extended_bounds, missing;
  std::string format;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    if (key == "field") {
      GYRE_TRY_ASSIGN(aggregated, readField(request, member));
    } else if (key == "calendar_interval" || key == "fixed_interval") {
      if (interval.unit || interval.millis != 0)
        return illegalArgument("Cannot use [fixed_interval] with [calendar_interval] configuration option.");
      GYRE_TRY(readInterval(member, interval));
    } else if (key == "time_zone" && member.isString()) {
      interval.zone = member.string();
    } else if (key == "offset") {
      GYRE_TRY_ASSIGN(const std::string text, parseScalarText(request.kind, member));
      const bool has_unit = text.find_first_not_of("+-0123456789") != std::string::npos;
      GYRE_TRY_ASSIGN(interval.offset, parseDuration("offset", has_unit ? text : text + "ms"));
    } else if (key == "format" && member.isString()) {
      format = member.string();
    } else if (key == "min_doc_count") {
      GYRE_TRY_ASSIGN(const std::int64_t count, parseWhole(request.kind, member));
      if (count < 0)
        return illegalArgument("[minDocCount] must be greater than or equal to 0. Found [" + std::to_string(count) +
                               "]");
      spec.min_doc_count = static_cast<std::uint64_t>(count);
    } else if (key == "extended_bounds") {
      extended_bounds = member;
    } else if (key == "keyed") {
      GYRE_TRY_ASSIGN(spec.is_keyed, parseBoolean(request.kind, member));
    } else if (key == "missing") {
      missing = member;
    } else if (key == "order") {
      GYRE_TRY_ASSIGN(spec.order, parseOrder(member, request.subs));
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  if (aggregated.path.empty())
    return illegalArgument("Required one of fields [field, script], but none were specified. ");
  if (!interval.unit && interval.millis == 0)
    return illegalArgument("Invalid interval specified, must be non-null and non-empty");
  TimeZone zone;
  if (!interval.zone.empty()) {
    GYRE_TRY_ASSIGN(zone, TimeZone::parse(interval.zone));
  }
  if (const Field* const field = aggregated.field) {
    if (field->type != FieldType::kDate) return unsupportedField(request, *field);
    spec.path = field->path;
    if (format.empty()) format = field->format;
  }
  GYRE_TRY_ASSIGN(spec.format, DateFormat::parse(format));
  if (!extended_bounds.isMissing()) GYRE_TRY(readExtendedBounds(request, extended_bounds, zone, spec));
  if (!missing.isMissing()) {
    GYRE_TRY_ASSIGN(const std::string text, parseScalarText(request.kind, missing));
    GYRE_TRY_ASSIGN(spec.missing, parseDateMath(text, spec.format, RoundUp::kNo, zone, request.context.now_millis));
  }
  spec.rounding = interval.unit ? DateRounding::calendar(*interval.unit, zone, interval.offset)
                                : DateRounding::fixed(interval.millis, zone, interval.offset);
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<DateHistogramAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
