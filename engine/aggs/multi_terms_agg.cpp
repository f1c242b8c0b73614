// multi_terms: a bucket for each combination of several fields' values.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/terms_cut.hpp"
#include "engine/aggs/tuple_table.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

struct MultiTermsSpec {
  std::vector<ValueSource> sources;
  TermsThresholds thresholds;
  Aggregations subs;
};

class MultiTermsAggregator final : public BucketAggregator {
 public:
  MultiTermsAggregator(const MultiTermsSpec& spec, TupleTable table, AggregatorSet subs)
      : BucketAggregator(std::move(subs)), spec_(spec), table_(std::move(table)) {}

  void beginSegment(SegmentRun& run) override {
    table_.beginSegment(run);
    subs_.beginSegment(run);
  }
  void collect(const DocBlock& block) override {
    table_.collect(block);
    if (subs_.isEmpty() || table_.docs().empty()) return;
    subs_.collect(block.with(static_cast<std::uint32_t>(table_.docs().size()), table_.docs().data(),
                             table_.buckets().data(), table_.size()));
  }
  std::size_t memoryBytes() const override { return BucketAggregator::memoryBytes() + table_.memoryBytes(); }

  std::string keyText(const Bucket& bucket) const override {
    std::vector<std::uint32_t> ids;
    table_.idsOf(bucket.number, ids);
    std::string text;
    for (std::size_t p = 0; p < ids.size(); ++p) text += (p > 0 ? "|" : "") + partText(table_.parts()[p], ids[p]);
    return text;
  }
  int compareKeys(const Bucket& a, const Bucket& b) const override { return compare(a.number, b.number); }

 protected:
  Status list(std::uint32_t parent, std::vector<Bucket>& shown) override {
    std::vector<Bucket> found;
    for (std::uint32_t number = 0; number < table_.size(); ++number)
      if (table_.parentOf(number) == parent) found.push_back({number, table_.count(number), number});
    TermsCut cut = cutTerms(spec_.thresholds, found, subs_,
                            [this](const Bucket& a, const Bucket& b) { return compare(a.number, b.number) < 0; });
    others_ = cut.others;
    error_ = cut.error;
    shown = std::move(cut.shown);
    return {};
  }
  void writeHead(std::uint32_t, const std::vector<Bucket>&, JsonWriter& writer) const override {
    writer.member("doc_count_error_upper_bound", error_).member("sum_other_doc_count", others_);
  }
  void writeKey(const Bucket& bucket, JsonWriter& writer) const override {
    std::vector<std::uint32_t> ids;
    table_.idsOf(bucket.number, ids);
    writer.key("key").beginArray();
    for (std::size_t p = 0; p < ids.size(); ++p) writePart(table_.parts()[p], ids[p], writer);
    writer.endArray();
    writer.member("key_as_string", keyText(bucket));
  }
  void writeAfterCount(const Bucket&, JsonWriter& writer) const override {
    if (spec_.thresholds.shows_errors) writer.member("doc_count_error_upper_bound", error_);
  }

 private:
  int compare(std::uint32_t a, std::uint32_t b) const {
    std::vector<std::uint32_t> x, y;
    table_.idsOf(a, x);
    table_.idsOf(b, y);
    for (std::size_t p = 0; p < x.size(); ++p)
      if (const int order = table_.parts()[p].compare(x[p], y[p]); order != 0) return order;
    return 0;
  }

  const MultiTermsSpec& spec_;
  TupleTable table_;
  std::uint64_t others_ = 0;  // of the parent listed last, as TermsCut tells them
  int error_ = 0;
};

class MultiTermsAggregation final : public Aggregation {
 public:
  explicit MultiTermsAggregation(MultiTermsSpec spec) : spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    std::vector<TuplePart> parts;
    for (const ValueSource& one : spec_.sources) {
      GYRE_TRY_ASSIGN(auto source, one.on(snapshot));
      parts.emplace_back(std::move(source), snapshot, false, false, TuplePart::Rounding());
    }
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(
        std::make_unique<MultiTermsAggregator>(spec_, TupleTable(std::move(parts)), std::move(subs)));
  }
  std::string_view typedName() const override { return "multi_terms"; }
  bool hasManyBuckets() const override { return true; }
  const Aggregations* subs() const override { return &spec_.subs; }

 private:
  MultiTermsSpec spec_;
};

Status readTerms(const AggregationRequest& request, json::Value list, MultiTermsSpec& spec) {
  for (const json::Value one : list) {
    if (!one.isObject()) return failedField(request, "terms", "expected objects, found " + std::string(one.raw()));
    SourceMembers members;
    for (const json::Value member : one) {
      GYRE_TRY_ASSIGN(const bool is_taken, readSourceMember(request, member, members));
      if (!is_taken)
        return failedField(request, "terms", "[field_config] unknown field [" + std::string(member.key()) + "]");
    }
    if (members.field.path.empty())
      return failedField(request, "terms",
                         "[field] and [script] cannot both be null.  Please specify one or the other.");
    GYRE_TRY_ASSIGN(auto source, makeSource(request, members, Accepts::kAny, FieldType::kKeyword));
    spec.sources.push_back(std::move(source));
  }
  if (spec.sources.size() < 2)
    return failedField(request, "terms",
                       "multi term aggregation must has at least 2 terms. Found [" +
                           std::to_string(spec.sources.size()) + "] in [" + std::string(request.name) +
                           "] Use terms aggregation for single term aggregation");
  return {};
}

}  // namespace

Result<AggregationPtr> parseMultiTerms(AggregationRequest& request) {
  MultiTermsSpec spec;
  for (const json::Value member : request.body) {
    const std::string_view key = member.key();
    GYRE_TRY_ASSIGN(const bool is_threshold, readTermsThreshold(request, member, spec.thresholds));
    if (is_threshold) continue;
    if (key == "terms" && member.isArray()) {
      GYRE_TRY(readTerms(request, member, spec));
    } else if (key == "order") {
      GYRE_TRY_ASSIGN(spec.thresholds.order, parseOrder(member, request.subs));
    } else if (key == "collect_mode" && (member.string() == "breadth_first" || member.string() == "depth_first")) {
      continue;  // how to collect is decided here
    } else {
      return unknownAggregationParameter(request, key);
    }
  }
  if (spec.sources.empty()) return illegalArgument("Required [terms]");
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<MultiTermsAggregation>(std::move(spec)));
}

}  // namespace gyre::engine
