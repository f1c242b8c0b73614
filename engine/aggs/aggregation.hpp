// What is computed over the matching documents, and how do aggregations nest?
//
// An Aggregation is what was asked, checked against the mapping. Its Aggregator collects blocks of documents, each with
// the bucket of the parent that it belongs to (0 at the top), numbers buckets of its own from 0, and passes blocks on
// to the aggregators below it. So one call handles thousands of documents, and nothing is looked up by document.
//
// THREADS: an Aggregation is immutable; an Aggregator belongs to one request.
// OWNS: an Aggregator borrows its Aggregation and the snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/query_profile.hpp"
#include "engine/query/segment_run.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class BucketTable;

inline constexpr std::uint64_t kMaxBuckets = 65'535;

// Documents of one window. A document may stand in it several times, with different buckets.
struct DocBlock {
  std::uint32_t window = 0;
  std::uint32_t size = 0;
  const std::uint16_t* docs = nullptr;     // positions in the window; null: 0, 1, … size-1
  const std::uint32_t* buckets = nullptr;  // of the parent; null: all 0
  std::uint32_t bucket_count = 1;          // every bucket is below
  const float* scores = nullptr;           // by position in the window; null when the request does without
  // Has counted the documents of each bucket so far, these included; null when nobody has.
  const BucketTable* table = nullptr;

  std::uint32_t doc(std::uint32_t i) const { return docs == nullptr ? i : docs[i]; }
  std::uint32_t bucket(std::uint32_t i) const { return buckets == nullptr ? 0 : buckets[i]; }
  // Other documents of the same window.
  DocBlock with(std::uint32_t other_size, const std::uint16_t* other_docs, const std::uint32_t* other_buckets,
                std::uint32_t other_bucket_count) const {
    return {window, other_size, other_docs, other_buckets, other_bucket_count, scores, nullptr};
  }
};

// A bucket number for "none": what is asked about it is what is said of an empty bucket.
inline constexpr std::uint32_t kNoBucket = 0xffff'ffffu;
// The same of a stretch that is shown because it lies between others: there the dialect makes no buckets below, not
// even those of terms with a min_doc_count of 0.
inline constexpr std::uint32_t kGapBucket = 0xffff'fffeu;
constexpr bool isNoBucket(std::uint32_t bucket) { return bucket >= kGapBucket; }

// Where answers go; counts buckets, so that too many are refused before they are written.
struct AggregationOutput {
  JsonWriter& writer;
  bool has_typed_keys = false;  // names become "sterms#name"
  // The name of the index that a segment of the snapshot belongs to, for hits inside buckets.
  std::function<std::string_view(std::uint32_t segment)> index_of{};
  // Writes what the query's nested clauses show of such a hit ("inner_hits"); null when they show nothing.
  std::function<Status(std::uint32_t segment, DocId doc)> write_inner_hits{};
  std::uint64_t bucket_count = 0;
  std::uint64_t max_buckets = kMaxBuckets;

  // too_many_buckets_exception beyond the limit.
  Status addBuckets(std::uint64_t count);
};
Status tooManyBuckets(std::uint64_t limit = kMaxBuckets);

class AggregatorSet;

class Aggregator {
 public:
  virtual ~Aggregator() = default;
  virtual void beginSegment(SegmentRun& run) = 0;
  virtual void collect(const DocBlock& block) = 0;
  // The members of the answer for one parent bucket, without braces. `bucket` may be one that no document reached.
  virtual Status write(std::uint32_t bucket, AggregationOutput& out) = 0;
  // A number to order parent buckets by, or to compute with; NaN when there is none. `property` is "" or, for stats,
  // "avg" and so on; a single bucket's own number is its count of documents.
  virtual double orderValue(std::uint32_t, std::string_view) const;
  // For a kind with one bucket in each of the parent's: what is below that bucket, and its number there. Null else.
  virtual const AggregatorSet* below(std::uint32_t, std::uint32_t&) const { return nullptr; }
  // Reads what `other`, of the same level, reads as well: then one of the two collects for both.
  virtual bool share(Aggregator&) { return false; }
  // After the last segment, where there is work that no document asks for. Not told to those below a bucket.
  virtual void finish() {}
  // Members that say how it worked, for a profile.
  virtual void writeWork(JsonWriter&) const {}
  // Of the memory that grows with documents and buckets.
  virtual std::size_t memoryBytes() const { return 0; }
};

class PipelineAggregation;

// Where an aggregation spent its time, each step with the aggregations below.
struct AggregationProfile {
  WorkTime initialize, build_leaf_collector, post_collection, build_aggregation;
  WorkTime collect;  // counts documents
  std::string work;  // JSON; see Aggregator::writeWork
};

class Aggregation {
 public:
  virtual ~Aggregation() = default;
  virtual Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const = 0;
  // The name that typed_keys shows before "#".
  virtual std::string_view typedName() const = 0;
  // How values below are named in an order or a buckets_path: not at all, by the name alone, or by name and property.
  enum class Values : std::uint8_t { kNone, kOne, kSeveral };
  virtual Values values() const { return Values::kNone; }
  // Of kSeveral: whether it has a value of this name.
  virtual bool hasValue(std::string_view) const { return false; }
  virtual bool hasSingleBucket() const { return false; }
  virtual bool hasManyBuckets() const { return false; }
  // What a pipeline that needs every bucket in turn asks of the aggregation above it.
  enum class Sequence : std::uint8_t { kNone, kWithGaps, kGapless };
  virtual Sequence sequence() const { return Sequence::kNone; }
  virtual bool needsScores() const { return false; }
  // Keeps a few numbers for a bucket, so that some that no document reaches do not matter.
  virtual bool isSmallPerBucket() const { return false; }
  virtual const std::vector<std::unique_ptr<Aggregation>>* subs() const { return nullptr; }
  // The dialect puts another aggregation in its place before it runs, as it does where that holds for one below.
  virtual bool isRewritten(const Snapshot& snapshot) const;
  virtual const PipelineAggregation* pipeline() const { return nullptr; }

  std::string name;
  std::string meta;                             // JSON, shown as it was given; "" for none
  std::unique_ptr<AggregationProfile> profile;  // null when nobody asks
};
using Aggregations = std::vector<std::unique_ptr<Aggregation>>;
bool needScores(const Aggregations& aggregations);
bool areSmallPerBucket(const Aggregations& aggregations);

// What an aggregation below answers with may take: past this a request ends with circuit_breaking_exception.
inline constexpr std::size_t kAggregationMemoryLimit = std::size_t{256} << 20;

// The aggregators on one level: those of the request, or those below a bucket.
class AggregatorSet {
 public:
  static Result<AggregatorSet> make(const Aggregations& aggregations, const Snapshot& snapshot);

  // Nothing to collect for.
  bool isEmpty() const { return entries_.empty(); }
  void beginSegment(SegmentRun& run);
  void collect(const DocBlock& block);
  void finish();
  // "name": {…}, for each.
  Status writeMembers(std::uint32_t bucket, AggregationOutput& out);
  // `path` is "name", "name.property" or "bucket>name.property"; NaN where there is nothing of the kind.
  double orderValue(std::uint32_t bucket, std::string_view path) const;
  // Null when there is none of the name.
  Aggregator* find(std::string_view name) const;
  const std::vector<const PipelineAggregation*>& pipelines() const { return pipelines_; }

  std::size_t memoryBytes() const;
  // circuit_breaking_exception past kAggregationMemoryLimit.
  Status checkMemory() const;

 private:
  struct Entry {
    const Aggregation* aggregation;
    std::unique_ptr<Aggregator> aggregator;
    bool is_shared = false;     // another one collects for it
    bool is_rewritten = false;  // "meta" is shown though nobody gave any
  };
  std::vector<Entry> entries_;
  std::vector<const PipelineAggregation*> pipelines_;  // each after those it reads
};

// A double as the dialect writes it: with a fraction or an exponent always ("3.0").
void writeDouble(double value, JsonWriter& writer);
std::string doubleText(double value);

}  // namespace gyre::engine
