// terms and rare_terms: a bucket for each value of a field.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/bucket_table.hpp"
#include "engine/aggs/term_filter.hpp"
#include "engine/aggs/term_ids.hpp"
#include "engine/aggs/terms_cut.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

struct TermsSpec {
  ValueSource source;
  bool is_mapped = true;
  bool is_rare = false;  // rare_terms: those with few documents, fewest first
  std::uint64_t max_doc_count = 1;
  TermsThresholds thresholds;
  TermFilter filter;
  Aggregations subs;
};

std::size_t segmentsWith(const ValueSource& source, const Snapshot& snapshot) {
  std::size_t count = 0;
  for (const SegmentView& view : snapshot.segments) count += source.fieldOf(*view.segment) != nullptr ? 1 : 0;
  return count;
}

class TermsAggregator final : public BucketAggregator {
 public:
  TermsAggregator(const TermsSpec& spec, ValueSource source, const Snapshot& snapshot, AggregatorSet subs)
      : BucketAggregator(std::move(subs)),
        spec_(spec),
        source_(std::move(source)),
        snapshot_(snapshot),
        reader_(ValueReader::Repetitions::kDistinct),
        // A missing value must not be numbered before the one dictionary is known.
        keywords_(snapshot.segments.size() == 1 || (segmentsWith(source_, snapshot) <= 1 && !source_.hasMissing())),
        table_(areSmallPerBucket(spec.subs) ? BucketTable::Numbering::kAhead : BucketTable::Numbering::kAsMet) {}

  void beginSegment(SegmentRun& run) override {
    source_.beginSegment(run, reader_);
    if (source_.isKeyword()) {
      const FieldReader* const field = source_.fieldOf(run.segment());
      keywords_.beginSegment(field == nullptr ? nullptr : field->terms);
      table_.setIds(keywords_.limit() + (source_.hasMissing() ? 1 : 0));
    }
    subs_.beginSegment(run);
  }

  void writeWork(JsonWriter& writer) const override {
    const bool is_floating = isFloating(source_.type) || source_.type == FieldType::kScaledFloat;
    writer.member("result_strategy", source_.isKeyword() ? "terms" : is_floating ? "double_terms" : "long_terms");
    writer.member("total_buckets", total_buckets_);
    writer.member("has_filter", spec_.filter.isNeeded());
  }

  void collect(const DocBlock& block) override {
    collectValues(block, source_.isKeyword() ? reader_.readOrdinals(block) : reader_.read(block));
    if (!source_.hasMissing()) return;
    const DocBlock absent = reader_.absent(block);
    if (absent.size == 0) return;
    const std::uint32_t id =
        source_.isKeyword() ? keywords_.idOf(*source_.missing_text) : numbers_.idOf(*source_.missing);
    if (spec_.filter.isNeeded() && !isIncluded(id)) return;
    if (source_.isKeyword()) table_.setIds(keywords_.limit());
    ids_.assign(absent.size, id);
    collectIds(block, ids_.data(), absent.docs, absent.buckets, absent.size);
  }

  std::size_t memoryBytes() const override {
    return BucketAggregator::memoryBytes() + table_.memoryBytes() + keywords_.memoryBytes() + numbers_.memoryBytes();
  }

  std::string keyText(const Bucket& bucket) const override {
    const auto id = static_cast<std::uint32_t>(bucket.key);
    return source_.isKeyword() ? source_.shown(keywords_.term(id)) : numberText(source_, numbers_.value(id));
  }
  double keyNumber(const Bucket& bucket) const override {
    return source_.isKeyword() ? BucketAggregator::keyNumber(bucket)
                               : source_.decoded(numbers_.value(static_cast<std::uint32_t>(bucket.key)));
  }
  int compareKeys(const Bucket& a, const Bucket& b) const override {
    const auto x = static_cast<std::uint32_t>(a.key);
    const auto y = static_cast<std::uint32_t>(b.key);
    return isKeyBefore(x, y) ? -1 : isKeyBefore(y, x) ? 1 : 0;
  }

 protected:
  Status list(std::uint32_t parent, std::vector<Bucket>& buckets) override;
  void writeKey(const Bucket& bucket, JsonWriter& writer) const override {
    const auto id = static_cast<std::uint32_t>(bucket.key);
    if (source_.isKeyword()) {
      writer.member("key", source_.shown(keywords_.term(id)));
    } else {
      writeNumberKey(source_, numbers_.value(id), writer);
    }
  }
  void writeAfterCount(const Bucket&, JsonWriter& writer) const override {
    if (spec_.thresholds.shows_errors) writer.member("doc_count_error_upper_bound", error_);
  }
  void writeHead(std::uint32_t, const std::vector<Bucket>&, JsonWriter& writer) const override {
    if (!spec_.is_rare) writer.member("doc_count_error_upper_bound", error_).member("sum_other_doc_count", others_);
  }

 private:
  enum class Verdict : std::uint8_t { kUnknown, kIncluded, kExcluded };

  void collectValues(const DocBlock& block, const ValueBlock& values) {
    if (values.size == 0) return;
    const std::uint32_t* ids = nullptr;
    if (source_.isKeyword()) {
      ids = keywords_.map(values.ordinals, values.size);
    } else {
      ids_.resize(values.size);
      numbers_.map(values.values, values.size, ids_.data());
      ids = ids_.data();
    }
    if (!spec_.filter.isNeeded()) return collectIds(block, ids, values.docs, values.buckets, values.size);
    kept_docs_.clear();
    kept_buckets_.clear();
    kept_ids_.clear();
    for (std::uint32_t i = 0; i < values.size; ++i) {
      if (!isIncluded(ids[i])) continue;
      kept_docs_.push_back(static_cast<std::uint16_t>(values.docs == nullptr ? i : values.docs[i]));
      kept_buckets_.push_back(values.bucket(i));
      kept_ids_.push_back(ids[i]);
    }
    collectIds(block, kept_ids_.data(), kept_docs_.data(), kept_buckets_.data(),
               static_cast<std::uint32_t>(kept_ids_.size()));
  }

  void collectIds(const DocBlock& block, const std::uint32_t* ids, const std::uint16_t* docs,
                  const std::uint32_t* parents, std::uint32_t size) {
    if (size == 0) return;
    const std::uint32_t* const buckets =
        table_.collect(block.bucket_count == 1 ? nullptr : parents, block.bucket_count, ids, size);
    if (subs_.isEmpty()) return;
    DocBlock inner = block.with(size, docs, buckets, table_.size());
    inner.table = &table_;
    subs_.collect(inner);
  }

  bool isIncluded(std::uint32_t id) {
    if (verdicts_.size() <= id) verdicts_.resize(id + 1, Verdict::kUnknown);
    if (verdicts_[id] == Verdict::kUnknown) {
      const bool is_included = source_.isKeyword()
                                   ? spec_.filter.accepts(std::string_view(source_.shown(keywords_.term(id))))
                                   : spec_.filter.accepts(numbers_.value(id));
      verdicts_[id] = is_included ? Verdict::kIncluded : Verdict::kExcluded;
    }
    return verdicts_[id] == Verdict::kIncluded;
  }

  // Numbers every value that the snapshot has, for min_doc_count 0.
  void numberAllValues();
  std::vector<Bucket> candidates(std::uint32_t parent);
  bool isKeyBefore(std::uint32_t a, std::uint32_t b) const {
    return source_.isKeyword() ? keywords_.isBefore(a, b) : numbers_.value(a) < numbers_.value(b);
  }

  const TermsSpec& spec_;
  ValueSource source_;
  const Snapshot& snapshot_;
  ValueReader reader_;
  KeywordIds keywords_;
  NumberIds numbers_;
  BucketTable table_;
  bool has_all_values_ = false;
  std::uint64_t total_buckets_ = 0;  // of the parents listed so far
  std::uint64_t others_ = 0;         // of the parent listed last, as TermsCut tells them
  int error_ = 0;
  std::vector<std::uint32_t> ids_, kept_ids_, kept_buckets_;
  std::vector<std::uint16_t> kept_docs_;
  std::vector<Verdict> verdicts_;  // by id, as far as asked
};

void TermsAggregator::numberAllValues() {
  if (has_all_values_) return;
  has_all_values_ = true;
  // What stands in for a missing value is one of the values, whether or not a document lacks one.
  if (source_.missing_text && source_.isKeyword()) keywords_.idOf(*source_.missing_text);
  for (std::uint32_t s = 0; s < snapshot_.segments.size(); ++s) {
    SegmentRun run(snapshot_.segments[s], s);
    const FieldReader* const field = source_.fieldOf(run.segment());
    // A number stands in where a document of whatever kind has none.
    if (source_.missing && (field == nullptr || field->doc_count < run.docCount())) numbers_.idOf(*source_.missing);
    if (field == nullptr) continue;
    if (source_.isKeyword()) {
      keywords_.addAll(*field->terms);
      continue;
    }
    const ValueConversion conversion = source_.conversionOf(*field);
    for (std::uint32_t window = 0; windowBegin(window) < run.docCount(); ++window)
      for (const std::int64_t value : run.readMulti(*field->column, window).multi_values)
        numbers_.idOf(conversion.apply(value));
  }
}

std::vector<Bucket> TermsAggregator::candidates(std::uint32_t parent) {
  std::vector<Bucket> found;
  const auto buckets = table_.bucketsOf(parent);
  total_buckets_ += buckets.size();
  if (spec_.thresholds.min_doc_count > 0) {
    found.reserve(buckets.size());
    for (const std::uint32_t bucket : buckets) {
      const std::uint64_t count = table_.count(bucket);
      if (!spec_.is_rare || count <= spec_.max_doc_count) found.push_back({bucket, count, table_.id(bucket)});
    }
    return found;
  }
  if (parent == kGapBucket) return found;
  numberAllValues();
  const std::uint32_t ids = source_.isKeyword() ? keywords_.size() : numbers_.size();
  std::vector<std::uint32_t> bucket_of(ids, kNoBucket);
  for (const std::uint32_t bucket : buckets) bucket_of[table_.id(bucket)] = bucket;
  for (std::uint32_t id = 0; id < ids; ++id) {
    if (spec_.filter.isNeeded() && !isIncluded(id)) continue;
    found.push_back({bucket_of[id], bucket_of[id] == kNoBucket ? 0 : table_.count(bucket_of[id]), id});
  }
  return found;
}

Status TermsAggregator::list(std::uint32_t parent, std::vector<Bucket>& shown) {
  const std::vector<Bucket> found = candidates(parent);
  if (spec_.is_rare && found.size() > kMaxBuckets) return tooManyBuckets();
  TermsCut cut = cutTerms(spec_.thresholds, found, subs_, [this](const Bucket& a, const Bucket& b) {
    return isKeyBefore(static_cast<std::uint32_t>(a.key), static_cast<std::uint32_t>(b.key));
  });
  others_ = cut.others;
  error_ = cut.error;
  shown = std::move(cut.shown);
  return {};
}

class TermsAggregation final : public Aggregation {
 public:
  explicit TermsAggregation(TermsSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(
        std::make_unique<TermsAggregator>(spec_, std::move(source), snapshot, std::move(subs)));
  }
  std::string_view typedName() const override {
    const bool is_floating = isFloating(spec_.source.type) || spec_.source.type == FieldType::kScaledFloat;
    // Without a field there is nothing rare, and nothing to tell apart.
    if (!spec_.is_mapped && !spec_.source.hasMissing()) return "sterms";
    if (spec_.is_rare) return spec_.source.isKeyword() ? "srareterms" : "lrareterms";
    return spec_.source.isKeyword()                        ? "sterms"
           : is_floating                                   ? "dterms"
           : spec_.source.type == FieldType::kUnsignedLong ? "ulterms"
                                                           : "lterms";
  }
  bool hasManyBuckets() const override { return true; }
  const Aggregations* subs() const override { return &spec_.subs; }

 private:
  TermsSpec spec_;
};

// How to count is decided here: hints are checked, and that is all.
Status checkHint(const AggregationRequest& request, json::Value member) {
  const std::string_view hint = member.string();
  if (member.key() == "collect_mode") {
    if (hint == "depth_first" || hint == "breadth_first") return {};
    return failedField(request, "collect_mode", "no [collect_mode] found for value [" + std::string(hint) + "]");
  }
  if (hint == "map" || hint == "global_ordinals") return {};
  return illegalArgument("Unknown `execution_hint`: [" + std::string(hint) +
                         "], expected any of [map, global_ordinals]");
}

}  // namespace

Result<AggregationPtr> parseTermsAggregation(AggregationRequest& request) {
  TermsSpec spec;
  SourceMembers members;
  json::Value include, exclude, order;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (is_taken) continue;
    GYRE_TRY_ASSIGN(const bool is_threshold, readTermsThreshold(request, member, spec.thresholds));
    if (is_threshold) continue;
    if (key == "order") {
      order = member;
    } else if (key == "include") {
      include = member;
    } else if (key == "exclude") {
      exclude = member;
    } else if ((key == "collect_mode" || key == "execution_hint") && member.isString()) {
      GYRE_TRY(checkHint(request, member));
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kAny, FieldType::kKeyword));
  spec.is_mapped = members.field.field != nullptr;
  if (!order.isMissing()) {
    GYRE_TRY_ASSIGN(spec.thresholds.order, parseOrder(order, request.subs));
  }
  GYRE_TRY_ASSIGN(spec.filter, TermFilter::read(request, spec.source, include, exclude));
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<TermsAggregation>(std::move(spec)));
}

Result<AggregationPtr> parseRareTerms(AggregationRequest& request) {
  TermsSpec spec;
  spec.is_rare = true;
  SourceMembers members;
  json::Value include, exclude;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (is_taken) continue;
    if (key == "max_doc_count") {
      GYRE_TRY_ASSIGN(const std::int64_t count, parseWhole(request.kind, member));
      if (count <= 0)
        return failedField(request, key,
                           "[max_doc_count] must be greater than 0. Found [" + std::to_string(count) + "] in [" +
                               std::string(request.name) + "]");
      if (count > 100)
        return failedField(request, key,
                           "[max_doc_count] must be smallerthan 100in [" + std::string(request.name) + "]");
      spec.max_doc_count = static_cast<std::uint64_t>(count);
    } else if (key == "precision") {
      // How often an approximate count may err; this one is exact.
      if (const auto precision = member.real(); !precision || *precision < 0.00001 || *precision > 1)
        return failedField(request, key, "[precision] must be greater than 0.00001");
    } else if (key == "include") {
      include = member;
    } else if (key == "exclude") {
      exclude = member;
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kAny, FieldType::kKeyword));
  if (members.field.field != nullptr && (isFloating(spec.source.type) || spec.source.type == FieldType::kScaledFloat))
    return illegalArgument("RareTerms aggregation does not support floating point fields.");
  spec.is_mapped = members.field.field != nullptr;
  spec.thresholds.order = {{OrderKey::Kind::kCount, false, {}}};
  spec.thresholds.size = INT32_MAX;
  GYRE_TRY_ASSIGN(spec.filter, TermFilter::read(request, spec.source, include, exclude));
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<TermsAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
