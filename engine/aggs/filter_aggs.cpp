// filter, filters and missing: buckets of the documents that match a query, or lack a field.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"

namespace gyre::engine {

namespace {

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
};

struct FiltersSpec {
  enum class Shape : std::uint8_t { kSingle, kKeyed, kList };
  Shape shape = Shape::kSingle;
  std::vector<NamedFilter> filters;
  bool has_other = false;
  std::string other_key = "_other_";
  Aggregations subs;

  std::uint32_t bucketsPerParent() const { return static_cast<std::uint32_t>(filters.size()) + (has_other ? 1 : 0); }
};

class FiltersAggregator final : public Aggregator {
 public:
  FiltersAggregator(const FiltersSpec& spec, std::vector<WindowFilter> filters, AggregatorSet subs)
      : spec_(spec), filters_(std::move(filters)), subs_(std::move(subs)) {}

  void beginSegment(SegmentRun& run) override {
    for (WindowFilter& filter : filters_) filter.beginSegment(run);
    subs_.beginSegment(run);
  }

  void collect(const DocBlock& block) override {
    bucket_count_ = block.bucket_count * spec_.bucketsPerParent();
    if (counts_.size() < bucket_count_) counts_.resize(bucket_count_);
    WindowBits others;
    others.fill(~std::uint64_t{0});
    for (std::uint32_t f = 0; f < filters_.size(); ++f) {
      const std::uint64_t* const bits = filters_[f].bits(block.window);
      if (spec_.has_other) andNotBits(others.data(), bits);
      pass(block, bits, f);
    }
    if (spec_.has_other) pass(block, others.data(), static_cast<std::uint32_t>(filters_.size()));
  }

  Status write(std::uint32_t parent, AggregationOutput& out) override {
    if (spec_.shape == FiltersSpec::Shape::kSingle) return writeBucket(bucketOf(parent, 0), out);
    GYRE_TRY(out.addBuckets(spec_.bucketsPerParent()));
    const bool is_keyed = spec_.shape == FiltersSpec::Shape::kKeyed;
    out.writer.key("buckets");
    is_keyed ? out.writer.beginObject() : out.writer.beginArray();
    for (std::uint32_t f = 0; f < spec_.bucketsPerParent(); ++f) {
      if (is_keyed) out.writer.key(f < filters_.size() ? spec_.filters[f].name : spec_.other_key);
      out.writer.beginObject();
      GYRE_TRY(writeBucket(bucketOf(parent, f), out));
      out.writer.endObject();
    }
    is_keyed ? out.writer.endObject() : out.writer.endArray();
    return {};
  }

 private:
  static constexpr std::uint32_t kNoBucket = 0xffff'ffffu;
  std::uint32_t bucketOf(std::uint32_t parent, std::uint32_t f) const {
    return parent == kNoBucket ? kNoBucket : parent * spec_.bucketsPerParent() + f;
  }

  // Hands the block's documents among `bits` to bucket f.
  void pass(const DocBlock& block, const std::uint64_t* bits, std::uint32_t f) {
    docs_.clear();
    buckets_.clear();
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const std::uint32_t doc = block.doc(i);
      if (!testBit(bits, doc)) continue;
      const std::uint32_t bucket = bucketOf(block.bucket(i), f);
      docs_.push_back(static_cast<std::uint16_t>(doc));
      buckets_.push_back(bucket);
      ++counts_[bucket];
    }
    if (!subs_.isEmpty())
      subs_.collect(
          {block.window, static_cast<std::uint32_t>(docs_.size()), docs_.data(), buckets_.data(), bucket_count_});
  }

  Status writeBucket(std::uint32_t bucket, AggregationOutput& out) {
    out.writer.member("doc_count", bucket < counts_.size() ? counts_[bucket] : 0);
    return subs_.writeMembers(bucket, out);
  }

  const FiltersSpec& spec_;
  std::vector<WindowFilter> filters_;
  AggregatorSet subs_;
  std::uint32_t bucket_count_ = 0;
  std::vector<std::uint64_t> counts_;
  std::vector<std::uint16_t> docs_;
  std::vector<std::uint32_t> buckets_;
};

class FiltersAggregation final : public Aggregation {
 public:
  explicit FiltersAggregation(FiltersSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    std::vector<WindowFilter> filters;
    for (const NamedFilter& filter : spec_.filters) {
      GYRE_TRY_ASSIGN(auto weight, filter.query->weight(snapshot, 1, false));
      filters.emplace_back(std::move(weight));
    }
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<FiltersAggregator>(spec_, std::move(filters), std::move(subs)));
  }

 private:
  FiltersSpec spec_;
};

AggregationPtr makeAggregation(FiltersSpec spec) { return std::make_unique<FiltersAggregation>(std::move(spec)); }

}  // namespace

Result<AggregationPtr> parseFilterAggregation(AggregationRequest& request) {
  FiltersSpec spec;
  GYRE_TRY_ASSIGN(auto query, parseQuery(request.body, request.context));
  spec.filters.push_back({"", std::move(query)});
  spec.subs = std::move(request.subs);
  return makeAggregation(std::move(spec));
}

Result<AggregationPtr> parseFiltersAggregation(AggregationRequest& request) {
  FiltersSpec spec;
  bool has_filters = false;
  for (const json::Value member : request.body) {
    if (member.key() == "filters" && (member.isObject() || member.isArray())) {
      has_filters = true;
      spec.shape = member.isObject() ? FiltersSpec::Shape::kKeyed : FiltersSpec::Shape::kList;
      for (const json::Value filter : member) {
        GYRE_TRY_ASSIGN(auto query, parseQuery(filter, request.context));
        spec.filters.push_back({std::string(filter.key()), std::move(query)});
      }
    } else if (member.key() == "other_bucket") {
      GYRE_TRY_ASSIGN(spec.has_other, parseBoolean(request.kind, member));
    } else if (member.key() == "other_bucket_key" && member.isString()) {
      spec.has_other = true;
      spec.other_key = member.string();
    } else {
      return unknownAggregationParameter(request, member.key());
    }
  }
  if (!has_filters) return illegalArgument("[filters] cannot be empty.");
  // Keyed buckets come by name, the rest last.
  if (spec.shape == FiltersSpec::Shape::kKeyed)
    std::stable_sort(spec.filters.begin(), spec.filters.end(),
                     [](const NamedFilter& a, const NamedFilter& b) { return a.name < b.name; });
  spec.subs = std::move(request.subs);
  return makeAggregation(std::move(spec));
}

Result<AggregationPtr> parseMissingAggregation(AggregationRequest& request) {
  AggregatedField aggregated;
  for (const json::Value member : request.body) {
    if (member.key() != "field") return unknownAggregationParameter(request, member.key());
    GYRE_TRY_ASSIGN(aggregated, readField(request, member));
  }
  if (aggregated.path.empty())
    return illegalArgument("Required one of fields [field, script], but none were specified. ");
  BoolClauses clauses;
  clauses.must_not.push_back(aggregated.field == nullptr ? makeNoneQuery() : makeExistsQuery({aggregated.field}, 1));
  FiltersSpec spec;
  spec.filters.push_back({"", makeBoolQuery(std::move(clauses), 1)});
  spec.subs = std::move(request.subs);
  return makeAggregation(std::move(spec));
}

}  // namespace gyre::engine
