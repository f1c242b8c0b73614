// significant_terms: a bucket for each value that is more frequent here than elsewhere.
//
// How often a value stands elsewhere is counted when the first answer is asked for, in one pass over the background.
#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/bucket_table.hpp"
#include "engine/aggs/significance.hpp"
#include "engine/aggs/term_filter.hpp"
#include "engine/aggs/term_ids.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/window_bits.hpp"

namespace gyre::engine {

namespace {

struct SignificantSpec {
  ValueSource source;
  bool is_mapped = true;
  std::uint32_t size = 10;
  std::uint64_t min_doc_count = 3;
  Significance significance;
  TermFilter filter;
  QueryPtr background;
  QueryRewriting background_rewriting;  // null for none
  Aggregations subs;
};

class SignificantTermsAggregator final : public BucketAggregator {
 public:
  SignificantTermsAggregator(const SignificantSpec& spec, ValueSource source, const Snapshot& snapshot,
                             WeightPtr background, AggregatorSet subs)
      : BucketAggregator(std::move(subs)),
        spec_(spec),
        source_(std::move(source)),
        snapshot_(snapshot),
        background_(std::move(background)),
        reader_(ValueReader::Repetitions::kDistinct),
        keywords_(snapshot.segments.size() == 1) {}

  void beginSegment(SegmentRun& run) override {
    beginValues(run);
    subs_.beginSegment(run);
  }

  void collect(const DocBlock& block) override {
    if (sizes_.size() < block.bucket_count) sizes_.resize(block.bucket_count);
    for (std::uint32_t i = 0; i < block.size; ++i) ++sizes_[block.bucket(i)];
    const ValueBlock values = read(block);
    docs_.clear();
    parents_.clear();
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < values.size; ++i) {
      if (!isIncluded(ids_[i])) continue;
      docs_.push_back(static_cast<std::uint16_t>(values.docs == nullptr ? i : values.docs[i]));
      parents_.push_back(values.bucket(i));
      ids_[kept++] = ids_[i];
    }
    if (kept == 0) return;
    const std::uint32_t* const buckets =
        table_.collect(block.bucket_count == 1 ? nullptr : parents_.data(), block.bucket_count, ids_.data(), kept);
    if (!subs_.isEmpty()) subs_.collect(block.with(kept, docs_.data(), buckets, table_.size()));
  }

  std::size_t memoryBytes() const override {
    return BucketAggregator::memoryBytes() + table_.memoryBytes() + keywords_.memoryBytes() + numbers_.memoryBytes();
  }
  std::string keyText(const Bucket& bucket) const override {
    const auto id = static_cast<std::uint32_t>(bucket.key);
    return source_.isKeyword() ? source_.shown(keywords_.term(id)) : numberText(source_, numbers_.value(id));
  }
  int compareKeys(const Bucket& a, const Bucket& b) const override {
    const auto x = static_cast<std::uint32_t>(a.key);
    const auto y = static_cast<std::uint32_t>(b.key);
    return isKeyBefore(x, y) ? -1 : isKeyBefore(y, x) ? 1 : 0;
  }

 protected:
  Status list(std::uint32_t parent, std::vector<Bucket>& shown) override {
    GYRE_TRY(countBackground());
    if (isNoBucket(parent) || parent >= sizes_.size()) return {};
    scores_.resize(table_.size());
    for (const std::uint32_t bucket : table_.bucketsOf(parent)) {
      const std::uint64_t count = table_.count(bucket);
      scores_[bucket] = spec_.significance.score({static_cast<double>(count), static_cast<double>(sizes_[parent]),
                                                  static_cast<double>(background_counts_[table_.id(bucket)]),
                                                  static_cast<double>(background_size_)});
      if (count >= spec_.min_doc_count && scores_[bucket] > 0) shown.push_back({bucket, count, table_.id(bucket)});
    }
    std::sort(shown.begin(), shown.end(), [this](const Bucket& a, const Bucket& b) {
      if (scores_[a.number] != scores_[b.number]) return scores_[a.number] > scores_[b.number];
      return compareKeys(a, b) < 0;
    });
    if (shown.size() > spec_.size) shown.resize(spec_.size);
    return {};
  }
  void writeHead(std::uint32_t parent, const std::vector<Bucket>&, JsonWriter& writer) const override {
    if (!spec_.is_mapped) return;
    writer.member("doc_count", parent < sizes_.size() ? sizes_[parent] : 0).member("bg_count", background_size_);
  }
  void writeKey(const Bucket& bucket, JsonWriter& writer) const override {
    const auto id = static_cast<std::uint32_t>(bucket.key);
    if (source_.isKeyword()) {
      writer.member("key", source_.shown(keywords_.term(id)));
    } else {
      writeNumberKey(source_, numbers_.value(id), writer);
    }
  }
  void writeAfterCount(const Bucket& bucket, JsonWriter& writer) const override {
    writeDouble(scores_[bucket.number], writer.key("score"));
    writer.member("bg_count", background_counts_[static_cast<std::size_t>(bucket.key)]);
  }

 private:
  void beginValues(SegmentRun& run) {
    source_.beginSegment(run, reader_);
    if (!source_.isKeyword()) return;
    const FieldReader* const field = source_.fieldOf(run.segment());
    keywords_.beginSegment(field == nullptr ? nullptr : field->terms);
    table_.setIds(keywords_.limit());
  }
  // The values of the block's documents, numbered in ids_.
  ValueBlock read(const DocBlock& block) {
    const ValueBlock values = source_.isKeyword() ? reader_.readOrdinals(block) : reader_.read(block);
    if (source_.isKeyword()) {
      const std::uint32_t* const ids = keywords_.map(values.ordinals, values.size);
      ids_.assign(ids, ids + values.size);
    } else {
      ids_.resize(values.size);
      numbers_.map(values.values, values.size, ids_.data());
    }
    return values;
  }
  bool isIncluded(std::uint32_t id) const {
    if (!spec_.filter.isNeeded()) return true;
    return source_.isKeyword() ? spec_.filter.accepts(std::string_view(source_.shown(keywords_.term(id))))
                               : spec_.filter.accepts(numbers_.value(id));
  }
  bool isKeyBefore(std::uint32_t a, std::uint32_t b) const {
    return source_.isKeyword() ? keywords_.isBefore(a, b) : numbers_.value(a) < numbers_.value(b);
  }

  Status countBackground() {
    if (is_counted_) return {};
    is_counted_ = true;
    WindowBits bits{};
    std::vector<std::uint16_t> docs;
    std::uint64_t doc_base = 0;
    for (std::uint32_t s = 0; s < snapshot_.segments.size(); ++s) {
      const SegmentView& view = snapshot_.segments[s];
      SegmentRun run(view, s, doc_base);
      doc_base += run.docCount();
      const ScorerPtr scorer = background_->scorer(run);
      if (scorer == nullptr) continue;
      beginValues(run);
      for (std::uint32_t window = 0; windowBegin(window) < run.docCount(); ++window) {
        bits.fill(0);
        scorer->evaluate(window, bits.data(), nullptr);
        if (view.live != nullptr) andBits(bits.data(), view.live->data() + std::size_t{window} * kWindowWords);
        docs.clear();
        forEachBit(bits.data(), [&](std::uint32_t i) { docs.push_back(static_cast<std::uint16_t>(i)); });
        background_size_ += docs.size();
        if (docs.empty()) continue;
        read({window, static_cast<std::uint32_t>(docs.size()), docs.data()});
        for (const std::uint32_t id : ids_) {
          if (background_counts_.size() <= id) background_counts_.resize(id + 1);
          ++background_counts_[id];
        }
      }
      GYRE_TRY(run.failure());
    }
    const std::uint32_t known = source_.isKeyword() ? keywords_.size() : numbers_.size();
    if (background_counts_.size() < known) background_counts_.resize(known);
    return {};
  }

  const SignificantSpec& spec_;
  ValueSource source_;
  const Snapshot& snapshot_;
  WeightPtr background_;
  ValueReader reader_;
  KeywordIds keywords_;
  NumberIds numbers_;
  BucketTable table_;
  std::vector<std::uint64_t> sizes_;  // documents, by parent
  bool is_counted_ = false;
  std::uint64_t background_size_ = 0;
  std::vector<std::uint64_t> background_counts_;  // by id
  std::vector<double> scores_;                    // by bucket, of parents listed so far
  std::vector<std::uint32_t> ids_, parents_;
  std::vector<std::uint16_t> docs_;
};

class SignificantTermsAggregation final : public Aggregation {
 public:
  explicit SignificantTermsAggregation(SignificantSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto source, spec_.source.on(snapshot));
    GYRE_TRY_ASSIGN(auto background, spec_.background->weight(snapshot, 1, false));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<SignificantTermsAggregator>(
        spec_, std::move(source), snapshot, std::move(background), std::move(subs)));
  }
  std::string_view typedName() const override {
    return spec_.is_mapped && !spec_.source.isKeyword() ? "siglterms" : "sigsterms";
  }
  bool hasManyBuckets() const override { return true; }
  const Aggregations* subs() const override { return &spec_.subs; }
  bool isRewritten(const Snapshot& snapshot) const override {
    return (spec_.background_rewriting && spec_.background_rewriting(&snapshot).is_changed) ||
           Aggregation::isRewritten(snapshot);
  }

 private:
  SignificantSpec spec_;
};

// "mutual_information": {"include_negatives": true}, and the other ways to score; false when the member is none.
Result<bool> readSignificance(json::Value member, Significance& significance) {
  using Kind = Significance::Kind;
  constexpr std::pair<std::string_view, Kind> kKinds[] = {{"jlh", Kind::kJlh},
                                                          {"mutual_information", Kind::kMutualInformation},
                                                          {"chi_square", Kind::kChiSquare},
                                                          {"gnd", Kind::kGoogleDistance},
                                                          {"percentage", Kind::kPercentage}};
  const auto kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                 [&](const auto& known) { return known.first == member.key(); });
  if (kind == std::end(kKinds) || !member.isObject()) return false;
  significance = {kind->second, false, true};
  for (const json::Value option : member) {
    const bool has_negatives = significance.kind == Kind::kMutualInformation || significance.kind == Kind::kChiSquare;
    const bool has_background = has_negatives || significance.kind == Kind::kGoogleDistance;
    if (has_negatives && option.key() == "include_negatives") {
      GYRE_TRY_ASSIGN(significance.has_negatives, parseBoolean(member.key(), option));
    } else if (has_background && option.key() == "background_is_superset") {
      GYRE_TRY_ASSIGN(significance.is_background_superset, parseBoolean(member.key(), option));
    } else {
      return unknownField(member.key(), option.key());
    }
  }
  return true;
}

Result<std::uint32_t> readSize(const AggregationRequest& request, json::Value value) {
  GYRE_TRY_ASSIGN(const std::int64_t size, parseWhole(request.kind, value));
  if (size <= 0 || size > INT32_MAX)
    return failedField(request, value.key(),
                       "[" + std::string(value.key()) + "] must be greater than 0. Found [" + std::to_string(size) +
                           "] in [" + std::string(request.name) + "]");
  return static_cast<std::uint32_t>(size);
}

}  // namespace

Result<AggregationPtr> parseSignificantTerms(AggregationRequest& request) {
  SignificantSpec spec;
  SourceMembers members;
  json::Value include, exclude;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    GYRE_TRY_ASSIGN(const bool is_significance, readSignificance(member, spec.significance));
    if (is_significance) continue;
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (is_taken) continue;
    if (key == "size") {
      GYRE_TRY_ASSIGN(spec.size, readSize(request, member));
    } else if (key == "shard_size") {
      // There is one shard, and it counts exactly.
      GYRE_TRY_ASSIGN([[maybe_unused]] const std::uint32_t size, readSize(request, member));
    } else if (key == "min_doc_count") {
      GYRE_TRY_ASSIGN(spec.min_doc_count, readMinDocCount(request, member));
    } else if (key == "shard_min_doc_count") {
      GYRE_TRY_ASSIGN([[maybe_unused]] const std::uint64_t least, readMinDocCount(request, member));
    } else if (key == "include") {
      include = member;
    } else if (key == "exclude") {
      exclude = member;
    } else if (key == "background_filter" && member.isObject()) {
      GYRE_TRY_ASSIGN(spec.background, parseQuery(member, request.context));
      spec.background_rewriting = rewritingOf(member, request.context);
    } else if (key == "execution_hint" && (member.string() == "map" || member.string() == "global_ordinals")) {
      continue;  // how to count is decided here
    } else if (key == "script_heuristic") {
      return illegalArgument("[significant_terms] [script_heuristic] is not offered: there is no scripting");
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  if (!members.missing.isMissing()) return illegalArgument("[significant_terms] [missing] is not offered");
  GYRE_TRY_ASSIGN(spec.source, makeSource(request, members, Accepts::kAny, FieldType::kKeyword));
  if (isFloating(spec.source.type) || spec.source.type == FieldType::kScaledFloat)
    return illegalArgument("No support for examining floating point numerics");
  spec.is_mapped = members.field.field != nullptr;
  GYRE_TRY_ASSIGN(spec.filter, TermFilter::read(request, spec.source, include, exclude));
  if (spec.background == nullptr) spec.background = makeAllQuery(1);
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<SignificantTermsAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
