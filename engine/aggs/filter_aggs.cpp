// filter, filters, adjacency_matrix, missing and global: buckets of the documents that match a query, or lack a field.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/single_bucket.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/query_rewriting.hpp"
#include "engine/query/window_bits.hpp"

namespace gyre::engine {

namespace {

// As many as the dialect allows; every pair of them is a bucket.

// One query's matches, evaluated once a window however many blocks of it are asked about.
class WindowFilter {
 public:
  explicit WindowFilter(WeightPtr weight) : weight_(std::move(weight)) {}
  void beginSegment(SegmentRun& run) {
    scorer_ = weight_->scorer(run);
    window_ = kNoMoreDocs;
    if (scorer_ == nullptr) bits_.fill(0);
  }
  const std::uint64_t* bits(std::uint32_t window) {
    if (scorer_ != nullptr && window_ != window) {
      scorer_->evaluate(window, bits_.data(), nullptr);
      window_ = window;
    }
    return bits_.data();
  }

 private:
  WeightPtr weight_;
  ScorerPtr scorer_;
  std::uint32_t window_ = kNoMoreDocs;
  WindowBits bits_{};
};

struct NamedFilter {
  std::string name;
  QueryPtr query;
  QueryRewriting rewriting;
};

Result<std::vector<WindowFilter>> openFilters(const std::vector<NamedFilter>& named, const Snapshot& snapshot) {
  std::vector<WindowFilter> filters;
  for (const NamedFilter& filter : named) {
    GYRE_TRY_ASSIGN(auto weight, filter.query->weight(snapshot, 1, false));
    filters.emplace_back(std::move(weight));
  }
  return filters;
}

// ---- filter, missing ------------------------------------------------------------------------------------------------

class FilterAggregator final : public SingleBucketAggregator {
 public:
  FilterAggregator(WindowFilter filter, AggregatorSet subs)
      : SingleBucketAggregator(std::move(subs)), filter_(std::move(filter)) {}
  void beginSegment(SegmentRun& run) override {
    filter_.beginSegment(run);
    subs_.beginSegment(run);
  }
  void collect(const DocBlock& block) override { pass(block, filter_.bits(block.window)); }

 private:
  WindowFilter filter_;
};

class FilterAggregation final : public Aggregation {
 public:
  FilterAggregation(std::string_view kind, QueryPtr query, QueryRewriting rewriting, Aggregations subs)
      : kind_(kind), query_(std::move(query)), rewriting_(std::move(rewriting)), subs_(std::move(subs)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto weight, query_->weight(snapshot, 1, false));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(subs_, snapshot));
    return std::unique_ptr<Aggregator>(
        std::make_unique<FilterAggregator>(WindowFilter(std::move(weight)), std::move(subs)));
  }
  std::string_view typedName() const override { return kind_; }
  bool hasSingleBucket() const override { return true; }
  const Aggregations* subs() const override { return &subs_; }
  bool isRewritten(const Snapshot& snapshot) const override {
    return (rewriting_ && rewriting_(&snapshot).is_changed) || Aggregation::isRewritten(snapshot);
  }

 private:
  std::string kind_;
  QueryPtr query_;
  QueryRewriting rewriting_;  // null for none
  Aggregations subs_;
};

// ---- filters, adjacency_matrix --------------------------------------------------------------------------------------

struct FiltersSpec {
  enum class Shape : std::uint8_t { kKeyed, kList, kPairs };
  Shape shape = Shape::kKeyed;
  std::vector<NamedFilter> filters;
  bool has_other = false;
  std::string other_key = "_other_";
  // kPairs: every filter (second is first) and every two of them, by their key.
  struct Pair {
    std::string key;
    std::uint32_t first;
    std::uint32_t second;
  };
  std::vector<Pair> pairs;
  bool shows_only_pairs = false;
  Aggregations subs;

  std::uint32_t bucketsPerParent() const {
    if (shape == Shape::kPairs) return static_cast<std::uint32_t>(pairs.size());
    return static_cast<std::uint32_t>(filters.size()) + (has_other ? 1 : 0);
  }
};

class FiltersAggregator final : public BucketAggregator {
 public:
  FiltersAggregator(const FiltersSpec& spec, std::vector<WindowFilter> filters, AggregatorSet subs)
      : BucketAggregator(std::move(subs)), spec_(spec), filters_(std::move(filters)) {}

  void beginSegment(SegmentRun& run) override {
    for (WindowFilter& filter : filters_) filter.beginSegment(run);
    subs_.beginSegment(run);
  }

  void collect(const DocBlock& block) override {
    bucket_count_ = block.bucket_count * spec_.bucketsPerParent();
    if (counts_.size() < bucket_count_) counts_.resize(bucket_count_);
    if (spec_.shape == FiltersSpec::Shape::kPairs) return collectPairs(block);
    WindowBits others;
    others.fill(~std::uint64_t{0});
    for (std::uint32_t f = 0; f < filters_.size(); ++f) {
      const std::uint64_t* const bits = filters_[f].bits(block.window);
      if (spec_.has_other) andNotBits(others.data(), bits);
      pass(block, bits, f);
    }
    if (spec_.has_other) pass(block, others.data(), static_cast<std::uint32_t>(filters_.size()));
  }

  std::size_t memoryBytes() const override {
    return BucketAggregator::memoryBytes() + counts_.capacity() * sizeof(std::uint64_t);
  }
  std::string keyText(const Bucket& bucket) const override {
    const auto f = static_cast<std::size_t>(bucket.key);
    if (spec_.shape == FiltersSpec::Shape::kPairs) return spec_.pairs[f].key;
    return f < filters_.size() ? spec_.filters[f].name : spec_.other_key;
  }
  int compareKeys(const Bucket& a, const Bucket& b) const override { return keyText(a).compare(keyText(b)); }

 protected:
  Status list(std::uint32_t parent, std::vector<Bucket>& buckets) override {
    for (std::uint32_t f = 0; f < spec_.bucketsPerParent(); ++f) {
      const std::uint32_t number = isNoBucket(parent) ? parent : parent * spec_.bucketsPerParent() + f;
      const std::uint64_t count = number < counts_.size() ? counts_[number] : 0;
      if (spec_.shape == FiltersSpec::Shape::kPairs && count == 0) continue;
      buckets.push_back({number, count, f});
    }
    return {};
  }
  bool isKeyed() const override { return spec_.shape == FiltersSpec::Shape::kKeyed; }
  void writeKey(const Bucket& bucket, JsonWriter& writer) const override {
    if (spec_.shape == FiltersSpec::Shape::kPairs) writer.member("key", keyText(bucket));
  }

 private:
  void collectPairs(const DocBlock& block) {
    for (std::uint32_t p = 0; p < spec_.pairs.size(); ++p) {
      WindowBits both;
      std::copy_n(filters_[spec_.pairs[p].first].bits(block.window), kWindowWords, both.data());
      if (spec_.pairs[p].second != spec_.pairs[p].first)
        andBits(both.data(), filters_[spec_.pairs[p].second].bits(block.window));
      if (hasBits(both.data())) pass(block, both.data(), p);
    }
  }

  // Hands the block's documents among `bits` to bucket f.
  void pass(const DocBlock& block, const std::uint64_t* bits, std::uint32_t f) {
    docs_.clear();
    buckets_.clear();
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const std::uint32_t doc = block.doc(i);
      if (!testBit(bits, doc)) continue;
      const std::uint32_t bucket = block.bucket(i) * spec_.bucketsPerParent() + f;
      docs_.push_back(static_cast<std::uint16_t>(doc));
      buckets_.push_back(bucket);
      ++counts_[bucket];
    }
    if (!subs_.isEmpty())
      subs_.collect(block.with(static_cast<std::uint32_t>(docs_.size()), docs_.data(), buckets_.data(), bucket_count_));
  }

  const FiltersSpec& spec_;
  std::vector<WindowFilter> filters_;
  std::uint32_t bucket_count_ = 0;
  std::vector<std::uint64_t> counts_;
  std::vector<std::uint16_t> docs_;
  std::vector<std::uint32_t> buckets_;
};

class FiltersAggregation final : public Aggregation {
 public:
  explicit FiltersAggregation(FiltersSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto filters, openFilters(spec_.filters, snapshot));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<FiltersAggregator>(spec_, std::move(filters), std::move(subs)));
  }
  std::string_view typedName() const override {
    return spec_.shape == FiltersSpec::Shape::kPairs ? "adjacency_matrix" : "filters";
  }
  bool hasManyBuckets() const override { return true; }
  const Aggregations* subs() const override { return &spec_.subs; }
  bool isRewritten(const Snapshot& snapshot) const override {
    return std::any_of(spec_.filters.begin(), spec_.filters.end(),
                       [&](const NamedFilter& filter) { return filter.rewriting(&snapshot).is_changed; }) ||
           Aggregation::isRewritten(snapshot);
  }

 private:
  FiltersSpec spec_;
};

// ---- global ---------------------------------------------------------------------------------------------------------

// Collects on its own when the answer is written: what the query found does not concern it.
class GlobalAggregator final : public SingleBucketAggregator {
 public:
  GlobalAggregator(const Snapshot& snapshot, WeightPtr all, AggregatorSet subs)
      : SingleBucketAggregator(std::move(subs)), snapshot_(snapshot), all_(std::move(all)) {}
  void beginSegment(SegmentRun&) override {}
  void collect(const DocBlock&) override {}
  Status write(std::uint32_t bucket, AggregationOutput& out) override {
    if (counts_.empty()) GYRE_TRY(collectAll());
    return SingleBucketAggregator::write(bucket, out);
  }

 private:
  Status collectAll() {
    counts_.assign(1, 0);
    std::uint64_t doc_base = 0;
    WindowBits bits{};
    std::vector<std::uint16_t> docs;
    const std::vector<float> scores(kWindowDocs, 1);  // all match alike
    for (std::uint32_t s = 0; s < snapshot_.segments.size(); ++s) {
      const SegmentView& view = snapshot_.segments[s];
      SegmentRun run(view, s, doc_base);
      doc_base += run.docCount();
      const ScorerPtr scorer = all_->scorer(run);
      if (scorer == nullptr) continue;
      subs_.beginSegment(run);
      for (std::uint32_t window = 0; windowBegin(window) < run.docCount(); ++window) {
        scorer->evaluate(window, bits.data(), nullptr);
        keepVisible(view, window, bits.data());
        docs.clear();
        forEachBit(bits.data(), [&](std::uint32_t i) { docs.push_back(static_cast<std::uint16_t>(i)); });
        counts_[0] += docs.size();
        subs_.collect({window, static_cast<std::uint32_t>(docs.size()), docs.data(), nullptr, 1, scores.data()});
        GYRE_TRY(subs_.checkMemory());
      }
    }
    return {};
  }

  const Snapshot& snapshot_;
  WeightPtr all_;
};

class GlobalAggregation final : public Aggregation {
 public:
  explicit GlobalAggregation(Aggregations subs) : all_(makeAllQuery(1)), subs_(std::move(subs)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto all, all_->weight(snapshot, 1, false));
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(subs_, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<GlobalAggregator>(snapshot, std::move(all), std::move(subs)));
  }
  std::string_view typedName() const override { return "global"; }
  bool hasSingleBucket() const override { return true; }
  const Aggregations* subs() const override { return &subs_; }

 private:
  QueryPtr all_;
  Aggregations subs_;
};

Status unknownKey(const AggregationRequest& request, json::Value member) {
  return parsingException("Unknown key for a " + std::string(json::kindName(member.kind())) + " in [" +
                          std::string(request.name) + "]: [" + std::string(member.key()) + "].");
}

Status readFilters(AggregationRequest& request, json::Value member, std::vector<NamedFilter>& filters) {
  for (const json::Value filter : member) {
    GYRE_TRY_ASSIGN(auto query, parseQuery(filter, request.context));
    filters.push_back({std::string(filter.key()), std::move(query), rewritingOf(filter, request.context)});
  }
  return {};
}

void sortByName(std::vector<NamedFilter>& filters) {
  std::stable_sort(filters.begin(), filters.end(),
                   [](const NamedFilter& a, const NamedFilter& b) { return a.name < b.name; });
}

}  // namespace

Result<AggregationPtr> parseFilterAggregation(AggregationRequest& request) {
  GYRE_TRY_ASSIGN(auto query, parseQuery(request.body, request.context));
  return AggregationPtr(std::make_unique<FilterAggregation>(
      "filter", std::move(query), rewritingOf(request.body, request.context), std::move(request.subs)));
}

Result<AggregationPtr> parseFiltersAggregation(AggregationRequest& request) {
  FiltersSpec spec;
  for (const json::Value member : request.body) {
    if (member.key() == "filters" && (member.isObject() || member.isArray())) {
      spec.shape = member.isObject() ? FiltersSpec::Shape::kKeyed : FiltersSpec::Shape::kList;
      GYRE_TRY(readFilters(request, member, spec.filters));
    } else if (member.key() == "other_bucket" && member.isBoolean()) {
      spec.has_other = member.boolean();
    } else if (member.key() == "other_bucket_key" && member.isString()) {
      spec.has_other = true;
      spec.other_key = member.string();
    } else {
      return unknownKey(request, member);
    }
  }
  if (spec.filters.empty()) return illegalArgument("[filters] cannot be empty.");
  // Keyed buckets come by name, the rest last.
  if (spec.shape == FiltersSpec::Shape::kKeyed) sortByName(spec.filters);
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<FiltersAggregation>(std::move(spec)));
}

Result<AggregationPtr> parseAdjacencyMatrix(AggregationRequest& request) {
  FiltersSpec spec;
  spec.shape = FiltersSpec::Shape::kPairs;
  std::string separator = "&";
  for (const json::Value member : request.body) {
    if (member.key() == "filters" && member.isObject()) {
      GYRE_TRY(readFilters(request, member, spec.filters));
    } else if (member.key() == "separator" && member.isString()) {
      separator = member.string();
    } else if (member.key() == "show_only_intersecting") {
      GYRE_TRY_ASSIGN(spec.shows_only_pairs, parseBoolean(request.kind, member));
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  if (spec.filters.empty())
    return Status(Code::kInvalidArgument, "illegal_state_exception",
                  "[" + std::string(request.name) + "] is missing : filters parameter");
  if (static_cast<std::int64_t>(spec.filters.size()) > request.context.limits.adjacency_matrix_filters)
    return illegalArgument("Number of filters is too large, must be less than or equal to: [" +
                           std::to_string(request.context.limits.adjacency_matrix_filters) + "] but was [" +
                           std::to_string(spec.filters.size()) +
                           "]. This limit can be set by changing the [index.max_adjacency_matrix_filters] index level "
                           "setting.");
  sortByName(spec.filters);
  for (std::uint32_t a = 0; a < spec.filters.size(); ++a)
    for (std::uint32_t b = a; b < spec.filters.size(); ++b) {
      if (a == b && spec.shows_only_pairs) continue;
      const std::string& name = spec.filters[a].name;
      spec.pairs.push_back({a == b ? name : name + separator + spec.filters[b].name, a, b});
    }
  std::sort(spec.pairs.begin(), spec.pairs.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<FiltersAggregation>(std::move(spec)));
}

Result<AggregationPtr> parseMissingAggregation(AggregationRequest& request) {
  SourceMembers members;
  for (const json::Value member : request.body) {
    GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
    if (!is_taken) return unknownAggregationParameter(request, member.key());
  }
  GYRE_TRY_ASSIGN(const ValueSource source, makeSource(request, members, Accepts::kAny, FieldType::kKeyword));
  BoolClauses clauses;
  if (source.hasMissing()) {
    // With a value to stand in, no document lacks one.
    clauses.must.push_back(makeNoneQuery());
  } else {
    const Field* const field = members.field.field;
    clauses.must_not.push_back(field == nullptr ? makeNoneQuery() : makeExistsQuery({field}, 1));
  }
  return AggregationPtr(std::make_unique<FilterAggregation>("missing", makeBoolQuery(std::move(clauses), 1), nullptr,
                                                            std::move(request.subs)));
}

Result<AggregationPtr> parseGlobalAggregation(AggregationRequest& request) {
  for (const json::Value member : request.body)
    return parsingException("Expected [FIELD_NAME] under a [START_OBJECT], but got [" + std::string(member.key()) +
                            "] in [" + std::string(request.name) + "]");
  return AggregationPtr(std::make_unique<GlobalAggregation>(std::move(request.subs)));
}

}  // namespace gyre::engine
