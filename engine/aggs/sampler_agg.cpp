// sampler: one bucket of the documents that score best.
//
// Which they are is known when all have been seen: until the first answer the best are remembered, and then handed to
// what is below in the order of their segments.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/significance.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// A document and its bucket of the parent.
struct Sampled {
  float score = 0;
  std::uint32_t segment = 0;
  std::uint32_t window = 0;
  std::uint16_t doc = 0;
  std::uint32_t bucket = 0;
};

bool isBetter(const Sampled& a, const Sampled& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.segment != b.segment) return a.segment < b.segment;
  return a.window != b.window ? a.window < b.window : a.doc < b.doc;
}

// What is collected, and then passed on: shared with the const questions that need it passed on.
class SampledDocs {
 public:
  SampledDocs(std::uint32_t size, const Snapshot& snapshot, AggregatorSet subs)
      : size_(size), snapshot_(snapshot), subs_(std::move(subs)) {}

  void beginSegment(const SegmentRun& run) {
    segment_ = run.ordinal();
    if (doc_bases_.size() <= segment_) doc_bases_.resize(segment_ + 1);
    doc_bases_[segment_] = run.docBase();
  }
  void collect(const DocBlock& block) {
    if (best_.size() < block.bucket_count) best_.resize(block.bucket_count);
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const std::uint32_t doc = block.doc(i);
      const Sampled one{block.scores == nullptr ? 0 : block.scores[doc], segment_, block.window,
                        static_cast<std::uint16_t>(doc), block.bucket(i)};
      // A heap whose first is the worst.
      std::vector<Sampled>& best = best_[one.bucket];
      if (best.size() == size_) {
        if (!isBetter(one, best.front())) continue;
        std::pop_heap(best.begin(), best.end(), isBetter);
        best.pop_back();
      }
      best.push_back(one);
      std::push_heap(best.begin(), best.end(), isBetter);
    }
  }

  std::uint64_t count(std::uint32_t bucket) const { return bucket < best_.size() ? best_[bucket].size() : 0; }
  // What is below, once it has the documents.
  AggregatorSet& passedOn() {
    if (!std::exchange(is_passed_on_, true)) passOn();
    return subs_;
  }
  std::size_t memoryBytes() const {
    std::size_t bytes = subs_.memoryBytes();
    for (const auto& best : best_) bytes += best.capacity() * sizeof(Sampled);
    return bytes;
  }

 private:
  void passOn() {
    if (subs_.isEmpty()) return;
    std::vector<Sampled> all;
    for (const auto& best : best_) all.insert(all.end(), best.begin(), best.end());
    std::sort(all.begin(), all.end(), [](const Sampled& a, const Sampled& b) {
      if (a.segment != b.segment) return a.segment < b.segment;
      if (a.window != b.window) return a.window < b.window;
      return a.doc != b.doc ? a.doc < b.doc : a.bucket < b.bucket;
    });
    std::unique_ptr<SegmentRun> run;
    std::vector<std::uint16_t> docs;
    std::vector<std::uint32_t> buckets;
    std::vector<float> scores(kWindowDocs);
    for (std::size_t i = 0; i < all.size();) {
      const Sampled& first = all[i];
      if (run == nullptr || run->ordinal() != first.segment) {
        run = std::make_unique<SegmentRun>(snapshot_.segments[first.segment], first.segment, doc_bases_[first.segment]);
        subs_.beginSegment(*run);
      }
      docs.clear();
      buckets.clear();
      for (; i < all.size() && all[i].segment == first.segment && all[i].window == first.window; ++i) {
        docs.push_back(all[i].doc);
        buckets.push_back(all[i].bucket);
        scores[all[i].doc] = all[i].score;
      }
      subs_.collect({first.window, static_cast<std::uint32_t>(docs.size()), docs.data(), buckets.data(),
                     static_cast<std::uint32_t>(best_.size()), scores.data()});
    }
  }

  std::uint32_t size_;
  const Snapshot& snapshot_;
  AggregatorSet subs_;
  std::uint32_t segment_ = 0;
  std::vector<std::uint64_t> doc_bases_;    // by segment
  std::vector<std::vector<Sampled>> best_;  // by bucket of the parent
  bool is_passed_on_ = false;
};

class SamplerAggregator final : public Aggregator {
 public:
  SamplerAggregator(std::uint32_t size, const Snapshot& snapshot, AggregatorSet subs)
      : docs_(std::make_unique<SampledDocs>(size, snapshot, std::move(subs))) {}

  void beginSegment(SegmentRun& run) override { docs_->beginSegment(run); }
  void collect(const DocBlock& block) override { docs_->collect(block); }
  Status write(std::uint32_t bucket, AggregationOutput& out) override {
    out.writer.member("doc_count", docs_->count(bucket));
    return docs_->passedOn().writeMembers(docs_->count(bucket) > 0 || isNoBucket(bucket) ? bucket : kNoBucket, out);
  }
  double orderValue(std::uint32_t bucket, std::string_view) const override {
    return static_cast<double>(docs_->count(bucket));
  }
  const AggregatorSet* below(std::uint32_t bucket, std::uint32_t& number) const override {
    number = bucket;
    return &docs_->passedOn();
  }
  std::size_t memoryBytes() const override { return docs_->memoryBytes(); }

 private:
  std::unique_ptr<SampledDocs> docs_;
};

class SamplerAggregation final : public Aggregation {
 public:
  SamplerAggregation(std::uint32_t size, Aggregations subs) : size_(size), subs_(std::move(subs)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(subs_, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<SamplerAggregator>(size_, snapshot, std::move(subs)));
  }
  std::string_view typedName() const override { return "sampler"; }
  bool hasSingleBucket() const override { return true; }
  bool needsScores() const override { return true; }
  const Aggregations* subs() const override { return &subs_; }

 private:
  std::uint32_t size_;
  Aggregations subs_;
};

}  // namespace

Result<AggregationPtr> parseSampler(AggregationRequest& request) {
  constexpr std::uint32_t kDefaultSize = 100;
  std::uint32_t size = kDefaultSize;
  for (const json::Value member : request.body) {
    if (member.key() != "shard_size") return unknownAggregationParameter(request, member.key());
    GYRE_TRY_ASSIGN(const std::int64_t asked, parseWhole(request.kind, member));
    if (asked <= 0 || asked > INT32_MAX)
      return failedField(request, "shard_size",
                         "[shard_size] must be greater than 0. Found [" + std::to_string(asked) + "] in [" +
                             std::string(request.name) + "]");
    size = static_cast<std::uint32_t>(asked);
  }
  return AggregationPtr(std::make_unique<SamplerAggregation>(size, std::move(request.subs)));
}

}  // namespace gyre::engine
