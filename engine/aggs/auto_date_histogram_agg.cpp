// auto_date_histogram: about as many buckets of time as were asked for, as long as it takes.
//
// How long that is is known only when all values are, so documents are remembered as they come and dealt out to buckets
// before the first answer: for each bucket of the parent by its own values.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/date_interval.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/mapping/civil_time.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// A unit of time, and how many of it a bucket may hold.
struct Step {
  CalendarUnit unit;
  std::string_view name;
  char symbol;
  std::int64_t rough_millis;
  std::array<int, 6> counts;  // ascending, 0 after the last

  int largest() const {
    int count = 1;
    for (const int one : counts) count = std::max(count, one);
    return count;
  }
  std::int64_t roughLargest() const { return rough_millis * largest(); }
};

constexpr Step kSteps[] = {
    {CalendarUnit::kSecond, "second", 's', kSecondMillis, {1, 5, 10, 30}},
    {CalendarUnit::kMinute, "minute", 'm', kMinuteMillis, {1, 5, 10, 30}},
    {CalendarUnit::kHour, "hour", 'h', kHourMillis, {1, 3, 12}},
    {CalendarUnit::kDay, "day", 'd', kDayMillis, {1, 7}},
    {CalendarUnit::kMonth, "month", 'M', 30 * kDayMillis, {1, 3}},
    {CalendarUnit::kYear, "year", 'y', 365 * kDayMillis, {1, 5, 10, 20, 50, 100}},
};
constexpr std::size_t kLastStep = std::size(kSteps) - 1;
// More buckets than this could exceed the limit on all buckets while they are still seconds.
constexpr std::int64_t kMaxBucketsAsked = 65'535 / 30;

struct AutoSpec {
  ValueSource source;
  std::uint32_t buckets = 10;
  std::size_t first_step = 0;
  TimeZone zone;
  Aggregations subs;
};

// The buckets of one parent: starts of them, in order.
struct Layout {
  std::size_t step = 0;
  int count = 1;
  std::vector<std::int64_t> starts;
  std::uint32_t first_number = 0;

  std::string interval() const { return std::to_string(count) + kSteps[step].symbol; }
};

class AutoAggregator final : public BucketAggregator {
 public:
  AutoAggregator(const AutoSpec& spec, ValueSource source, const Snapshot& snapshot, AggregatorSet subs)
      : BucketAggregator(std::move(subs)),
        spec_(spec),
        source_(std::move(source)),
        snapshot_(snapshot),
        reader_(ValueReader::Repetitions::kDistinct) {
    for (const Step& step : kSteps) roundings_.push_back(DateRounding::calendar(step.unit, spec.zone, 0));
  }

  void beginSegment(SegmentRun& run) override {
    segment_ = run.ordinal();
    doc_base_ = run.docBase();
    source_.beginSegment(run, reader_);
  }
  void collect(const DocBlock& block) override {
    parent_count_ = std::max(parent_count_, block.bucket_count);
    remember(block, reader_.read(block));
    if (!source_.missing) return;
    const DocBlock absent = reader_.absent(block);
    missing_values_.assign(absent.size, *source_.missing);
    remember(block, {absent.size, missing_values_.data(), absent.docs, absent.buckets, nullptr});
  }
  std::size_t memoryBytes() const override { return BucketAggregator::memoryBytes() + remembered_ * sizeof(Entry); }

  std::string keyText(const Bucket& bucket) const override { return source_.format.text(bucket.key); }
  double keyNumber(const Bucket& bucket) const override { return static_cast<double>(bucket.key); }

 protected:
  Status list(std::uint32_t parent, std::vector<Bucket>& buckets) override {
    if (!is_dealt_) GYRE_TRY(deal());
    if (parent >= layouts_.size()) return {};
    const Layout& layout = layouts_[parent];
    for (std::uint32_t i = 0; i < layout.starts.size(); ++i)
      buckets.push_back({layout.first_number + i, counts_[layout.first_number + i], layout.starts[i]});
    return {};
  }
  void writeKey(const Bucket& bucket, JsonWriter& writer) const override {
    writer.member("key_as_string", source_.format.text(bucket.key)).member("key", bucket.key);
  }
  void writeTail(std::uint32_t parent, const std::vector<Bucket>&, JsonWriter& writer) const override {
    writer.member("interval", parent < layouts_.size() ? layouts_[parent].interval()
                                                       : "1" + std::string(1, kSteps[spec_.first_step].symbol));
  }

 private:
  struct Entry {
    std::uint16_t doc;
    std::uint32_t parent;
    std::int64_t value;
  };
  struct Window {
    std::uint32_t segment;
    std::uint64_t doc_base;
    std::uint32_t window;
    std::vector<Entry> entries;
  };

  void remember(const DocBlock& block, const ValueBlock& values) {
    if (values.size == 0) return;
    if (windows_.empty() || windows_.back().segment != segment_ || windows_.back().window != block.window)
      windows_.push_back({segment_, doc_base_, block.window, {}});
    std::vector<Entry>& entries = windows_.back().entries;
    for (std::uint32_t i = 0; i < values.size; ++i)
      entries.push_back({static_cast<std::uint16_t>(values.docs == nullptr ? i : values.docs[i]), values.bucket(i),
                         values.values[i]});
    remembered_ += values.size;
  }

  Status deal() {
    is_dealt_ = true;
    std::vector<std::vector<std::int64_t>> values(parent_count_);
    for (const Window& window : windows_)
      for (const Entry& entry : window.entries) values[entry.parent].push_back(entry.value);
    layouts_.resize(parent_count_);
    std::uint32_t numbers = 0;
    for (std::uint32_t parent = 0; parent < parent_count_; ++parent) {
      layouts_[parent] = layOut(std::move(values[parent]));
      layouts_[parent].first_number = numbers;
      numbers += static_cast<std::uint32_t>(layouts_[parent].starts.size());
      if (numbers > kMaxBuckets) return tooManyBuckets();
    }
    counts_.assign(numbers, 0);
    std::vector<std::uint16_t> docs;
    std::vector<std::uint32_t> buckets;
    std::optional<std::uint32_t> segment;
    std::unique_ptr<SegmentRun> run;
    for (const Window& window : windows_) {
      docs.clear();
      buckets.clear();
      for (const Entry& entry : window.entries) {
        const Layout& layout = layouts_[entry.parent];
        const auto after = std::upper_bound(layout.starts.begin(), layout.starts.end(), entry.value);
        const auto bucket = layout.first_number + static_cast<std::uint32_t>(after - layout.starts.begin()) - 1;
        // A document counts once in a bucket, however many of its values fall there; they stand next to each other.
        if (!docs.empty() && docs.back() == entry.doc && buckets.back() == bucket) continue;
        docs.push_back(entry.doc);
        buckets.push_back(bucket);
        ++counts_[bucket];
      }
      if (subs_.isEmpty()) continue;
      if (segment != window.segment) {
        run = std::make_unique<SegmentRun>(snapshot_.segments[window.segment], window.segment, window.doc_base);
        segment = window.segment;
        subs_.beginSegment(*run);
      }
      subs_.collect({window.window, static_cast<std::uint32_t>(docs.size()), docs.data(), buckets.data(), numbers});
    }
    windows_.clear();
    return {};
  }

  // Distinct beginnings of the values' stretches.
  std::vector<std::int64_t> rounded(const std::vector<std::int64_t>& values, std::size_t step) const {
    std::vector<std::int64_t> starts;
    for (const std::int64_t value : values) {
      const std::int64_t start = roundings_[step].floor(value);
      if (starts.empty() || starts.back() != start) starts.push_back(start);
    }
    return starts;
  }

  // The dialect's choice: first so few stretches that at most `buckets` times the largest count of the unit have
  // values; then the same with the empty ones in between; then as many of them together as it takes.
  Layout layOut(std::vector<std::int64_t> values) const {
    Layout layout;
    layout.step = spec_.first_step;
    if (values.empty()) return layout;
    std::sort(values.begin(), values.end());
    const std::int64_t target = spec_.buckets;
    const auto isTooFine = [&](std::size_t step, std::int64_t count) {
      return count > target * kSteps[step].largest() && step < kLastStep;
    };
    while (layout.step < kLastStep &&
           (isTooFine(layout.step, static_cast<std::int64_t>(rounded(values, layout.step).size())) ||
            values.back() - values.front() > target * kSteps[layout.step].roughLargest()))
      ++layout.step;
    std::vector<std::int64_t> starts = rounded(values, layout.step);
    while (true) {
      std::int64_t needed = 0;
      for (std::int64_t start = starts.front(); start < starts.back(); start = roundings_[layout.step].next(start)) {
        ++needed;
        if (isTooFine(layout.step, needed)) break;
      }
      if (!isTooFine(layout.step, needed)) break;
      starts = rounded(values, ++layout.step);
    }
    std::vector<std::int64_t> all;
    for (std::int64_t start = starts.front(); start <= starts.back(); start = roundings_[layout.step].next(start))
      all.push_back(start);
    if (isTooFine(layout.step, static_cast<std::int64_t>(all.size()))) {
      all = rounded(values, ++layout.step);
    }
    if (static_cast<std::int64_t>(all.size()) > target)
      for (const int count : kSteps[layout.step].counts) {
        if (count == 0) break;
        layout.count = count;
        if ((static_cast<std::int64_t>(all.size()) + count - 1) / count <= target) break;
      }
    for (std::size_t i = 0; i < all.size(); i += static_cast<std::size_t>(layout.count))
      layout.starts.push_back(all[i]);
    return layout;
  }

  const AutoSpec& spec_;
  ValueSource source_;
  const Snapshot& snapshot_;
  ValueReader reader_;
  std::vector<DateRounding> roundings_;
  std::uint32_t segment_ = 0;
  std::uint64_t doc_base_ = 0;
  std::uint32_t parent_count_ = 0;
  std::size_t remembered_ = 0;
  std::vector<Window> windows_;
  std::vector<std::int64_t> missing_values_;
  bool is_dealt_ = false;
  std::vector<Layout> layouts_;
  std::vector<std::uint64_t> counts_;
};

class AutoAggregation final : public Aggregation {
 public:
  explicit AutoAggregation(AutoSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(
        std::make_unique<AutoAggregator>(spec_, std::move(source), snapshot, std::move(subs)));
  }
  std::string_view typedName() const override { return "auto_date_histogram"; }
  bool hasManyBuckets() const override { return true; }
  Sequence sequence() const override { return Sequence::kGapless; }
  const Aggregations* subs() const override { return &spec_.subs; }

 private:
  AutoSpec spec_;
};

}  // namespace

Result<AggregationPtr> parseAutoDateHistogram(AggregationRequest& request) {
  AutoSpec spec;
  SourceMembers members;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (is_taken) continue;
    if (key == "buckets") {
      GYRE_TRY_ASSIGN(const std::int64_t buckets, parseWhole(request.kind, member));
      if (buckets <= 0)
        return failedField(request, key, "buckets must be greater than 0 for [" + std::string(request.name) + "]");
      if (buckets >= kMaxBucketsAsked)
        return illegalArgument("buckets must be less than " + std::to_string(kMaxBucketsAsked));
      spec.buckets = static_cast<std::uint32_t>(buckets);
    } else if (key == "minimum_interval" && member.isString()) {
      const auto step = std::find_if(std::begin(kSteps), std::end(kSteps),
                                     [&](const Step& one) { return one.name == member.string(); });
      if (step == std::end(kSteps))
        return failedField(request, key, "minimum_interval must be one of [year, month, day, hour, minute, second]");
      spec.first_step = static_cast<std::size_t>(step - std::begin(kSteps));
    } else if (key == "time_zone") {
      GYRE_TRY_ASSIGN(spec.zone, readZone(request, member));
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  members.zone = spec.zone;
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kNumbers, FieldType::kDate));
  if (const Field* const field = members.field.field; field != nullptr && !isDate(field->type))
    return unsupportedField(request, *field);
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<AutoAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
