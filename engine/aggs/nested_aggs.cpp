// nested and reverse_nested: from documents to the objects in them, and back.
//
// Objects stand before the document that holds them, perhaps in an earlier window, and aggregators below must see
// windows in order. So blocks are made for each window and kept until no further one can come for it.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/query/nested_query.hpp"

namespace gyre::engine {

namespace {

// Documents on their way to the aggregators below.
class DeferredBlocks {
 public:
  explicit DeferredBlocks(AggregatorSet subs) : subs_(std::move(subs)) {}

  void beginSegment(const SegmentRun& run) {
    flush(kNoMoreDocs);
    // Of its own: its windows lag behind, and the last ones are passed on when the segment's run is gone.
    run_ = std::make_unique<SegmentRun>(run.view(), run.ordinal(), run.docBase());
    subs_.beginSegment(*run_);
  }

  // A new block's documents begin.
  void begin(std::uint32_t bucket_count) {
    bucket_count_ = std::max(bucket_count_, bucket_count);
    open_.clear();
  }
  void add(DocId doc, std::uint32_t bucket) {
    const std::uint32_t window = windowOf(doc);
    Block*& block = open_[window];
    if (block == nullptr) block = &blocks_[window].emplace_back();
    block->docs.push_back(static_cast<std::uint16_t>(doc - windowBegin(window)));
    block->buckets.push_back(bucket);
  }

  // Passes on what lies before the window.
  void flush(std::uint32_t window) {
    while (!blocks_.empty() && blocks_.begin()->first < window) {
      for (const Block& block : blocks_.begin()->second)
        subs_.collect({blocks_.begin()->first, static_cast<std::uint32_t>(block.docs.size()), block.docs.data(),
                       block.buckets.data(), bucket_count_});
      blocks_.erase(blocks_.begin());
    }
  }

  AggregatorSet& subs() {
    flush(kNoMoreDocs);
    return subs_;
  }
  bool isEmpty() const { return subs_.isEmpty(); }
  std::size_t memoryBytes() const { return subs_.memoryBytes(); }

 private:
  struct Block {
    std::vector<std::uint16_t> docs;
    std::vector<std::uint32_t> buckets;
  };
  AggregatorSet subs_;
  std::unique_ptr<SegmentRun> run_;
  std::uint32_t bucket_count_ = 1;
  std::map<std::uint32_t, std::vector<Block>> blocks_;  // by window
  std::map<std::uint32_t, Block*> open_;                // of the block that is being made
};

struct JoinSpec {
  std::string path;         // of the nested field that is gone to, "" for roots
  std::string parent_path;  // nested: of the documents that come in
  Aggregations subs;
};

// One bucket for each of the parent's.
class JoinAggregator : public Aggregator {
 public:
  JoinAggregator(const JoinSpec& spec, AggregatorSet subs)
      : spec_(spec), deferred_(std::make_unique<DeferredBlocks>(std::move(subs))) {}

  Status write(std::uint32_t bucket, AggregationOutput& out) override {
    out.writer.member("doc_count", count(bucket));
    return deferred_->subs().writeMembers(bucket, out);
  }
  double orderValue(std::uint32_t bucket, std::string_view) const override {
    return static_cast<double>(count(bucket));
  }
  const AggregatorSet* below(std::uint32_t bucket, std::uint32_t& number) const override {
    number = bucket;
    return &deferred_->subs();
  }
  std::size_t memoryBytes() const override { return deferred_->memoryBytes() + counts_.capacity() * 8; }

 protected:
  std::uint64_t count(std::uint32_t bucket) const { return bucket < counts_.size() ? counts_[bucket] : 0; }
  void begin(const DocBlock& block) {
    if (counts_.size() < block.bucket_count) counts_.resize(block.bucket_count);
    deferred_->begin(block.bucket_count);
  }
  void add(DocId doc, std::uint32_t bucket) {
    ++counts_[bucket];
    if (!deferred_->isEmpty()) deferred_->add(doc, bucket);
  }

  const JoinSpec& spec_;
  std::unique_ptr<DeferredBlocks> deferred_;
  std::vector<std::uint64_t> counts_;
};

class NestedAggregator final : public JoinAggregator {
 public:
  using JoinAggregator::JoinAggregator;

  void beginSegment(SegmentRun& run) override {
    deferred_->beginSegment(run);
    join_.emplace(run.segment(), spec_.path, spec_.parent_path);
  }

  void collect(const DocBlock& block) override {
    begin(block);
    if (join_->isEmpty()) return;
    const DocId base = windowBegin(block.window);
    // Nothing further back can be an object of what comes from now on.
    deferred_->flush(windowOf(join_->firstBefore(base)));
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const DocId parent = base + block.doc(i);
      const DocId first = join_->firstBefore(parent);
      for (DocId each = nextBit(join_->objects, first, parent); each != kNoMoreDocs;
           each = nextBit(join_->objects, each + 1, parent))
        add(each, block.bucket(i));
    }
  }

 private:
  std::optional<NestedJoin> join_;
};

class ReverseNestedAggregator final : public JoinAggregator {
 public:
  using JoinAggregator::JoinAggregator;

  void beginSegment(SegmentRun& run) override {
    deferred_->beginSegment(run);
    const NestedDocs* const nested = run.segment().nested();
    roots_ = nested == nullptr ? nullptr : nested->roots();
    parents_ = nested == nullptr || spec_.path.empty() ? roots_ : nested->objects(spec_.path);
    doc_count_ = run.docCount();
    std::fill(last_.begin(), last_.end(), kNoMoreDocs);
  }

  void collect(const DocBlock& block) override {
    begin(block);
    if (parents_ == nullptr) return;
    deferred_->flush(block.window);
    if (last_.size() < block.bucket_count) last_.resize(block.bucket_count, kNoMoreDocs);
    const DocId base = windowBegin(block.window);
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const DocId object = base + block.doc(i);
      const DocId root = nextBit(roots_, object, doc_count_);
      const DocId parent = parents_ == roots_ ? root : nextBit(parents_, object, root);
      // A bucket's objects come in order, so those of one document follow each other.
      if (parent == kNoMoreDocs || last_[block.bucket(i)] == parent) continue;
      last_[block.bucket(i)] = parent;
      add(parent, block.bucket(i));
    }
  }

 private:
  const std::uint64_t* roots_ = nullptr;
  const std::uint64_t* parents_ = nullptr;
  std::uint32_t doc_count_ = 0;
  std::vector<DocId> last_;  // by bucket
};

template <class AggregatorOfKind>
class JoinAggregation final : public Aggregation {
 public:
  JoinAggregation(std::string_view kind, JoinSpec spec) : kind_(kind), spec_(std::move(spec)) {}
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const override {
    GYRE_TRY_ASSIGN(auto subs, AggregatorSet::make(spec_.subs, snapshot));
    return std::unique_ptr<Aggregator>(std::make_unique<AggregatorOfKind>(spec_, std::move(subs)));
  }
  std::string_view typedName() const override { return kind_; }
  bool hasSingleBucket() const override { return true; }
  const Aggregations* subs() const override { return &spec_.subs; }

 private:
  std::string kind_;
  JoinSpec spec_;
};

// A path that names no object is one that no document has; an object that is not nested is a mistake.
Status resolve(const AggregationRequest& request, JoinSpec& spec) {
  const Field* const object = request.context.mapping.find(spec.path);
  if (object == nullptr || object->type != FieldType::kObject) return {};
  if (object->is_nested) return {};
  return {Code::kInternal, "aggregation_execution_exception",
          "[" + std::string(request.kind) + "] nested path [" + spec.path + "] is not nested"};
}

bool isWithin(std::string_view path, std::string_view outer) {
  return outer.empty() || (path.size() > outer.size() && path.starts_with(outer) && path[outer.size()] == '.');
}

}  // namespace

Result<AggregationPtr> parseNestedAggregation(AggregationRequest& request) {
  JoinSpec spec;
  for (const json::Value member : request.body) {
    if (member.key() != "path" || !member.isString())
      return parsingException("Unexpected token in [" + std::string(request.name) + "]: unknown parameter [" +
                              std::string(member.key()) + "]");
    spec.path = member.string();
  }
  if (spec.path.empty())
    return parsingException("Missing [path] field for nested aggregation [" + std::string(request.name) + "]");
  GYRE_TRY(resolve(request, spec));
  if (request.context.nested_scope != nullptr) spec.parent_path = request.context.nested_scope->path;
  // What is not in the documents that come in cannot be joined to them.
  if (!isWithin(spec.path, spec.parent_path)) spec.path.clear();
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<JoinAggregation<NestedAggregator>>(request.kind, std::move(spec)));
}

Result<AggregationPtr> parseReverseNestedAggregation(AggregationRequest& request) {
  JoinSpec spec;
  for (const json::Value member : request.body) {
    if (member.key() != "path" || !member.isString())
      return parsingException("Unknown key for a value in [" + std::string(request.name) + "]: [" +
                              std::string(member.key()) + "].");
    spec.path = member.string();
  }
  if (!request.context.is_in_nested_aggregation)
    return illegalArgument("Reverse nested aggregation [" + std::string(request.name) +
                           "] can only be used inside a [nested] aggregation");
  GYRE_TRY(resolve(request, spec));
  spec.subs = std::move(request.subs);
  return AggregationPtr(std::make_unique<JoinAggregation<ReverseNestedAggregator>>(request.kind, std::move(spec)));
}

}  // namespace gyre::engine
