// ip_range: a bucket for each stretch of addresses that was named.
//
// A segment's addresses are terms in their order, so a stretch is an interval of its ordinals.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

struct AddressRange {
  std::optional<std::string> from;  // bytes, included
  std::optional<std::string> to;    // not included
  std::string key;

  bool holds(const std::string& address) const { return (!from || address >= *from) && (!to || address < *to); }
};

struct IpRangeSpec {
  ValueSource source;
  bool is_keyed = false;
  std::vector<AddressRange> ranges;  // by from, then to
  Aggregations subs;
};

class IpRangeAggregator final : public BucketAggregator {
 public:
  IpRangeAggregator(const IpRangeSpec& spec, ValueSource source, AggregatorSet subs)
      : BucketAggregator(std::move(subs)),
        spec_(spec),
        source_(std::move(source)),
        reader_(ValueReader::Repetitions::kDistinct) {}

  void beginSegment(SegmentRun& run) override {
    source_.beginSegment(run, reader_);
    ordinals_.clear();
    if (const FieldReader* const field = source_.fieldOf(run.segment()))
      for (const AddressRange& range : spec_.ranges) {
        const std::int64_t begin = range.from ? ordinalAt(*field->terms, *range.from) : 0;
        ordinals_.emplace_back(begin, range.to ? ordinalAt(*field->terms, *range.to) : field->terms->size());
      }
    subs_.beginSegment(run);
  }

  void collect(const DocBlock& block) override {
    bucket_count_ = block.bucket_count * rangeCount();
    if (counts_.size() < bucket_count_) counts_.resize(bucket_count_);
    const ValueBlock values = reader_.read(block);
    for (std::uint32_t r = 0; r < rangeCount() && values.size > 0; ++r) {
      begin();
      for (std::uint32_t i = 0; i < values.size; ++i)
        if (values.values[i] >= ordinals_[r].first && values.values[i] < ordinals_[r].second)
          add(static_cast<std::uint16_t>(values.docs == nullptr ? i : values.docs[i]), values.bucket(i), r);
      end(block);
    }
    if (!source_.missing_text) return;
    const DocBlock absent = reader_.absent(block);
    for (std::uint32_t r = 0; r < rangeCount() && absent.size > 0; ++r) {
      if (!spec_.ranges[r].holds(*source_.missing_text)) continue;
      begin();
      for (std::uint32_t i = 0; i < absent.size; ++i)
        add(static_cast<std::uint16_t>(absent.doc(i)), absent.bucket(i), r);
      end(block);
    }
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
    const AddressRange& range = rangeOf(bucket);
    if (!spec_.is_keyed) writer.member("key", range.key);
    if (range.from) writer.member("from", formatIp(*range.from));
    if (range.to) writer.member("to", formatIp(*range.to));
  }

 private:
  std::uint32_t rangeCount() const { return static_cast<std::uint32_t>(spec_.ranges.size()); }
  const AddressRange& rangeOf(const Bucket& bucket) const { return spec_.ranges[static_cast<std::size_t>(bucket.key)]; }

  static std::int64_t ordinalAt(const TermDictionaryReader& terms, std::string_view address) {
    const auto cursor = terms.cursor();
    return cursor->seekCeil(address) ? cursor->ordinal() : terms.size();
  }

  void begin() {
    docs_.clear();
    buckets_.clear();
  }
  void add(std::uint16_t doc, std::uint32_t parent, std::uint32_t range) {
    const std::uint32_t bucket = parent * rangeCount() + range;
    // A document counts once in a stretch, however many of its values lie there; they stand next to each other.
    if (reader_.isMulti() && !docs_.empty() && docs_.back() == doc && buckets_.back() == bucket) return;
    docs_.push_back(doc);
    buckets_.push_back(bucket);
    ++counts_[bucket];
  }
  void end(const DocBlock& block) {
    if (!subs_.isEmpty() && !docs_.empty())
      subs_.collect(block.with(static_cast<std::uint32_t>(docs_.size()), docs_.data(), buckets_.data(), bucket_count_));
  }

  const IpRangeSpec& spec_;
  ValueSource source_;
  ValueReader reader_;
  std::vector<std::pair<std::int64_t, std::int64_t>> ordinals_;  // of the segment, for each range; empty without values
  std::uint32_t bucket_count_ = 0;
  std::vector<std::uint64_t> counts_;
  std::vector<std::uint16_t> docs_;
  std::vector<std::uint32_t> buckets_;
};

class IpRangeAggregation final : public Aggregation {
 public:
  explicit IpRangeAggregation(IpRangeSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<IpRangeAggregator>(spec_, std::move(source), std::move(subs)));
  }
  std::string_view typedName() const override { return "ip_range"; }
  bool hasManyBuckets() const override { return true; }
  const Aggregations* subs() const override { return &spec_.subs; }

 private:
  IpRangeSpec spec_;
};

// "10.0.0.0/8": all its addresses, open where they reach an end of the numbers.
Status readMask(const AggregationRequest& request, const std::string& mask, AddressRange& range) {
  if (mask.find('/') == std::string::npos)
    return failedField(request, "ranges", "Expected [ip/prefix] but was [" + mask + "]");
  const auto block = parseIpBlock(mask);
  if (!block) return failedField(request, "ranges", "[" + mask + "] is not a block of addresses");
  range.from = block->first;
  if (range.from == std::string(kIpBytes, '\0')) range.from.reset();
  range.to = nextIp(block->last);
  return {};
}

Result<AddressRange> readRange(const AggregationRequest& request, json::Value value) {
  if (!value.isObject()) return failedField(request, "ranges", "expected objects, found " + std::string(value.raw()));
  AddressRange range;
  std::string key, mask;
  for (const json::Value member : value) {
    const std::string_view name = member.key();
    if (name != "key" && name != "mask" && name != "from" && name != "to")
      return failedField(request, "ranges", "Unexpected ip range parameter: [" + std::string(name) + "]");
    if (member.isNull()) continue;
    GYRE_TRY_ASSIGN(std::string text, parseScalarText(request.kind, member));
    if (name == "key") {
      key = std::move(text);
    } else if (name == "mask") {
      mask = std::move(text);
    } else {
      auto& end = name == "from" ? range.from : range.to;
      end = parseIp(text);
      if (!end) return failedField(request, "ranges", "'" + text + "' is not an IP string literal.");
    }
  }
  if (!mask.empty()) GYRE_TRY(readMask(request, mask, range));
  const auto text = [](const std::optional<std::string>& end) { return end ? formatIp(*end) : std::string("*"); };
  range.key = !key.empty() ? key : !mask.empty() ? mask : text(range.from) + "-" + text(range.to);
  return range;
}

// Open at the bottom first, open at the top last.
bool isBefore(const AddressRange& a, const AddressRange& b) {
  if (a.from != b.from) return a.from < b.from;
  if (a.to.has_value() != b.to.has_value()) return a.to.has_value();
  return a.to < b.to;
}

}  // namespace

Result<AggregationPtr> parseIpRange(AggregationRequest& request) {
  IpRangeSpec spec;
  SourceMembers members;
  json::Value ranges;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    if (key == "field" || key == "missing" || key == "script") {
      GYRE_TRY_ASSIGN([[maybe_unused]] const bool is_taken, readSourceMember(request, member, members));
    } else if (key == "ranges" && member.isArray()) {
      ranges = member;
    } else if (key == "keyed") {
      GYRE_TRY_ASSIGN(spec.is_keyed, parseBoolean(request.kind, member));
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kAny, FieldType::kIp));
  if (spec.source.type != FieldType::kIp) return unsupportedField(request, *members.field.field);
  if (ranges.size() == 0)
    return noticedBy(kByIndex,
                     illegalArgument("No [ranges] specified for the [" + std::string(request.name) + "] aggregation"));
  for (const json::Value element : ranges) {
    GYRE_TRY_ASSIGN(auto range, readRange(request, element));
    spec.ranges.push_back(std::move(range));
  }
  std::stable_sort(spec.ranges.begin(), spec.ranges.end(), isBefore);
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<IpRangeAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
